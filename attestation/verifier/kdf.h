// The two key derivation functions of TPM 2.0 (Part 1 §11.4.10).
#pragma once

#include <string_view>

#include "attestation/wire/algorithm.h"
#include "keystore/base/secret_bytes.h"

namespace rootkeep::attestation {

// KDFa (§11.4.10.2; NIST SP 800-108 in counter mode with HMAC). `bits` is a multiple of 8 and at most 1024. `label` is
// without the zero octet that ends it. INTERNAL when OpenSSL fails, INVALID_ARGUMENT for an unknown hash.
Result<SecretBytes> KdfA(Algorithm hash, ByteView key, std::string_view label, ByteView context_u, ByteView context_v,
                         std::uint32_t bits);

// KDFe (§11.4.10.3; NIST SP 800-56A §5.8.1 with a hash). `z` and the parties' x coordinates are padded to the curve's
// size by the caller. The rest as KdfA.
Result<SecretBytes> KdfE(Algorithm hash, ByteView z, std::string_view use, ByteView party_u, ByteView party_v,
                         std::uint32_t bits);

}  // namespace rootkeep::attestation
