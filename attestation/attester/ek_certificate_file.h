// An endorsement certificate beside the TPM: for chips whose maker leaves none in NV and publishes it elsewhere.
#pragma once

#include <string>
#include <vector>

#include "attestation/attester/ek.h"
#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::attestation {

// The certificates of the file, DER: the EK's first, what is above it after it. In PEM, or DER one behind the other; at
// most 1 + kMaxEkChain. INVALID_ARGUMENT when there is none, or anything else; FAILED_PRECONDITION when others than its
// owner can write the file.
Result<std::vector<Bytes>> ReadEkCertificateFile(const std::string& path);

// Gives `ek` the file's certificates instead of those in NV. FAILED_PRECONDITION "ek_certificate" when the first is for
// another key; errors as ReadEkCertificateFile.
Status UseEkCertificateFile(const std::string& path, Ek& ek);

}  // namespace rootkeep::attestation
