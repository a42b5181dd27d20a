// Signature checks against keys that are seen once, past OpenSSL's EVP layer.
//
// A request's key is new each time. Wrapping it in an EVP_PKEY costs as much as a tenth of the check itself, because
// OpenSSL 3.0 exports and imports the key between its layers and fetches algorithms anew. EC_KEY and RSA, deprecated
// but kept, do the same arithmetic on the octets as they are. tests/fuzz/csr_fuzz.cc holds the results against
// X509_REQ's.
#pragma once

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "keystore/signature_scheme.h"
#include "signer/csr/subject_key.h"
#include "signer/p256/ecdsa.h"

namespace rootkeep::csr {

// `key` is of kind P-256 or P-384; `signature` DER ECDSA-Sig-Value. INVALID_ARGUMENT with reason "csr_key" when the
// point is not on the curve, "csr_signature" when the signature does not verify.
Status VerifyEcdsa(const SubjectKey& key, ByteView digest, ByteView signature);

// What that says of a P-256 key, from the verdict of a check made elsewhere.
Status StatusOf(p256::Verdict verdict);

// `key` is of kind RSA; PKCS#1 v1.5 (RFC 8017 §8.2.2) with the given hash. INVALID_ARGUMENT with "csr_signature".
Status VerifyRsa(const SubjectKey& key, Hash hash, ByteView digest, ByteView signature);

}  // namespace rootkeep::csr
