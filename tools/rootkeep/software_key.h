// Keys in this process's memory: those of workloads that ask for certificates, never a CA's.
#pragma once

#include <string>
#include <vector>

#include "keystore/base/openssl.h"
#include "keystore/base/result.h"
#include "keystore/base/secret_bytes.h"
#include "keystore/key_spec.h"
#include "signer/general_name.h"

namespace rootkeep::cli {

Result<ossl::PKey> MakeSoftwareKey(KeyType type);

// PKCS#8, PEM, not encrypted.
Result<SecretBytes> PrivateKeyPem(EVP_PKEY* key);
// The first private key in `pem`. INVALID_ARGUMENT when there is none, or an encrypted one.
Result<ossl::PKey> ParsePrivateKey(const SecretBytes& pem);

// A PKCS#10 request (RFC 2986), PEM, as ztunnel writes it: empty subject, the names as one critical subjectAltName.
Result<std::string> MakeSoftwareCsr(EVP_PKEY* key, const std::vector<GeneralName>& names);

}  // namespace rootkeep::cli
