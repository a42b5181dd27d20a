// TPM2_MakeCredential in software (Part 1 §24, "Credential Protection"): a secret that only the TPM with both keys can
// read.
#pragma once

#include "attestation/verifier/ek_key.h"
#include "keystore/base/secret_bytes.h"

namespace rootkeep::attestation {

// As AttestChallenge carries them, each with its size in front.
struct Credential {
  Bytes id_object;         // TPM2B_ID_OBJECT
  Bytes encrypted_secret;  // TPM2B_ENCRYPTED_SECRET
};

// `secret` for the TPM that has `ek` and, beside it, a key with the name `ak_name`. Hash function and cipher are the
// EK's own. `secret` is not longer than the digest of the EK's name: INVALID_ARGUMENT. INTERNAL when OpenSSL fails.
Result<Credential> MakeCredential(const EndorsementKey& ek, ByteView ak_name, const SecretBytes& secret);

}  // namespace rootkeep::attestation
