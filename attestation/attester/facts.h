// What a TPM says of itself.
#pragma once

#include <tss2/tss2_esys.h>

#include <vector>

#include "attestation/wire/algorithm.h"
#include "keystore/base/result.h"

namespace rootkeep::attestation {

// Banks in which there is at least one PCR (TPM2_CAP_PCRS, Part 3 §30.2). Errors as tpm2::FromRc.
Result<std::vector<Algorithm>> AllocatedBanks(ESYS_CONTEXT* esys);

}  // namespace rootkeep::attestation
