// The seed of a credential, from which its keys come, and its transport to the TPM (Part 1 §B.10.4, §C.6.4).
#pragma once

#include "attestation/verifier/ek_key.h"
#include "keystore/base/secret_bytes.h"

namespace rootkeep::attestation {

struct CredentialSeed {
  SecretBytes seed;        // as long as a digest of the EK's name
  Bytes encrypted_secret;  // TPM2B_ENCRYPTED_SECRET with its size
};

// A fresh seed for the holder of `ek`: chosen and encrypted with RSA-OAEP, or agreed on by ECDH with an ephemeral key
// and KDFe. INTERNAL when OpenSSL fails.
Result<CredentialSeed> MakeCredentialSeed(const EndorsementKey& ek);

}  // namespace rootkeep::attestation
