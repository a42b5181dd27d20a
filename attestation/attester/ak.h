// The attestation key (AK), which signs quotes and certifications.
#pragma once

#include "attestation/attester/primary.h"

namespace rootkeep::attestation {

// The AK of this TPM: ECDSA on P-256 with SHA-256, restricted, a primary key of the endorsement hierarchy from a
// template that never changes. So nothing about it is stored, nothing can be lost, it survives TPM2_Clear, and clock
// values of one attestation can be compared with those of the one before. Errors as MakePrimary.
Result<TpmKey> MakeAk(ESYS_CONTEXT* esys);

}  // namespace rootkeep::attestation
