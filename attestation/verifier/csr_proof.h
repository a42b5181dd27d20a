// The certificate request of a node: for the node key, and signed by it.
#pragma once

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::attestation {

// `csr` is one whole PKCS#10 request (RFC 2986) for the key `spki` (DER SubjectPublicKeyInfo, compared octet for
// octet), signed by it with SHA-256, SHA-384 or SHA-512. What else the request asks for is not looked at.
// PERMISSION_DENIED "csr_malformed", "csr_key" or "csr_proof".
Status CheckCsr(ByteView csr, ByteView spki);

}  // namespace rootkeep::attestation
