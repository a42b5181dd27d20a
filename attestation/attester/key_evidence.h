// That a key is in this TPM, for whoever knows the TPM's attestation key.
#pragma once

#include "attestation/attester/key_to_certify.h"
#include "attestation/wire/key_evidence.h"
#include "keystore/base/clock.h"
#include "keystore/tpm2/tpm.h"

namespace rootkeep::attestation {

// The evidence is the same each time but for the clock in it, and can be shown as often as one likes. Errors as MakeAk,
// CertifyKey, KeyToCertify::Load and Tpm::Run.
Result<KeyEvidence> MakeKeyEvidence(tpm2::Tpm& tpm, const KeyToCertify& key, Deadline deadline);

}  // namespace rootkeep::attestation
