// A TPM's public area as a key that OpenSSL, certificates and requests understand.
#pragma once

#include "attestation/wire/public_area.h"
#include "keystore/base/openssl.h"

namespace rootkeep::attestation {

// INVALID_ARGUMENT kReasonStructure for what is no key: an RSA modulus without its highest or lowest bit, an exponent
// that is even or 1, a point that is not on its curve.
Result<ossl::PKey> ToPKey(const PublicArea& area);

// DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) as certificates have it: rsaEncryption whatever the scheme, a named
// curve with an uncompressed point. Errors as ToPKey; INTERNAL when OpenSSL fails.
Result<Bytes> SpkiOf(const PublicArea& area);

}  // namespace rootkeep::attestation
