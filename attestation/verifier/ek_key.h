// The endorsement key (EK), by which a TPM is known.
#pragma once

#include "attestation/wire/public_area.h"
#include "keystore/base/openssl.h"

namespace rootkeep::attestation {

// One that met the rules of CheckEk.
struct EndorsementKey {
  PublicArea area;
  Bytes name;
  ossl::PKey key;
  Bytes spki;  // DER SubjectPublicKeyInfo
};

// `tpmt_public` is an endorsement key of a template of the TCG EK Credential Profile for TPM 2.0 (§B.3, §B.4): L-1,
// L-2, H-1 to H-4, H-6 or H-7. Those are RSA-2048 to 4096 with exponent 65537, P-256, P-384 and P-521; fixed to the
// TPM, made there, for decryption alone, with AES in CFB mode and the profile's policy.
//
// PERMISSION_DENIED "ek_structure", "ek_attributes", "ek_size" or "ek_template"; INTERNAL when OpenSSL fails.
Result<EndorsementKey> CheckEk(ByteView tpmt_public);

}  // namespace rootkeep::attestation
