// SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) read without OpenSSL's decoders, where that is possible: it collects all of
// them anew for each key, which takes several times as long as everything else of reading one.
#pragma once

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"

namespace rootkeep {

// One whole key of any algorithm that OpenSSL knows. INVALID_ARGUMENT for anything else, and for what follows it.
Result<ossl::PKey> ReadSpki(ByteView der);

// Whether `der` is the one encoding that others agree on for `key`, which was read from it and is RSA, Ed25519 or on
// P-256 or P-384: DER, NULL parameters for RSA (RFC 3279 §2.3.1), a named curve and an uncompressed point for EC (RFC
// 5480 §2). Then keys are the same if, and only if, their octets are.
bool IsCanonicalSpki(ByteView der, const EVP_PKEY* key);

// The contents of the subjectPublicKey BIT STRING of a key that ReadSpki reads; borrowed.
Result<ByteView> SubjectPublicKey(ByteView der);

}  // namespace rootkeep
