// Keys made by OpenSSL in memory: subjects of certificates in tests, never keys of Rootkeep's own.
#pragma once

#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"

namespace rootkeep::testing {

// `kind` is an OpenSSL curve ("P-256", "P-384", "P-521"), "ED25519" or "RSA:<bits>". Aborts when OpenSSL cannot.
ossl::PKey MakeKey(const std::string& kind);

// DER SubjectPublicKeyInfo of `key`, or of a fresh MakeKey(kind).
Bytes SpkiOf(EVP_PKEY* key);
Bytes MakeSpki(const std::string& kind);

// EVP_DigestSign over `message` with the key's usual hash (`md` null: Ed25519).
Bytes SignWith(EVP_PKEY* key, const char* md, ByteView message);

}  // namespace rootkeep::testing
