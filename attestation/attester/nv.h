// What lies in a TPM's non-volatile memory: which indices and persistent keys there are, and what an index holds.
#pragma once

#include <tss2/tss2_esys.h>

#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::attestation {

// Of an index that is read. Certificates are one or two kilobytes.
inline constexpr std::size_t kMaxNvSize = std::size_t{16} * 1024;

// The handles that exist from `first` to `last`, ascending (TPM2_GetCapability, Part 3 §30.2): NV indices 0x01xxxxxx or
// persistent objects 0x81xxxxxx. Errors as tpm2::FromRc.
Result<std::vector<TPM2_HANDLE>> HandlesBetween(ESYS_CONTEXT* esys, TPM2_HANDLE first, TPM2_HANDLE last);

// All octets of an index, by the index's own authorization with an empty auth value, as those of the TCG are read.
// RESOURCE_EXHAUSTED for more than kMaxNvSize; otherwise errors as tpm2::FromRc.
Result<Bytes> ReadNv(ESYS_CONTEXT* esys, TPM2_HANDLE index);

}  // namespace rootkeep::attestation
