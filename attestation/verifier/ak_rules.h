// The attestation key (AK): the key of the TPM that says what is true of the TPM.
#pragma once

#include "attestation/wire/public_area.h"
#include "keystore/base/openssl.h"

namespace rootkeep::attestation {

// One that met the rules of CheckAk. They hold of the key itself once its TPM has activated a credential for `name`,
// which is a hash of them.
struct AttestationKey {
  PublicArea area;
  Bytes name;
  ossl::PKey key;
  Scheme scheme;  // its own: RSASSA, RSAPSS or ECDSA with SHA-256, 384 or 512
};

// `tpmt_public` is an AK: RSA-2048 or more, P-256 or P-384; restricted, for signing alone, made in the TPM and fixed to
// it and to its parent, not gone with the next reset; with one scheme, no cipher and no policy. userWithAuth,
// adminWithPolicy and noDA are free; every other attribute, the reserved ones too, is refused.
//
// PERMISSION_DENIED "ak_structure", "ak_size", "ak_name_hash", "ak_not_fixed", "ak_origin", "ak_not_restricted",
// "ak_not_signing", "ak_decrypts", "ak_attributes", "ak_scheme", "ak_symmetric" or "ak_policy", in this order; INTERNAL
// when OpenSSL fails.
Result<AttestationKey> CheckAk(ByteView tpmt_public);

}  // namespace rootkeep::attestation
