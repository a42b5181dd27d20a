// How a key signs: key kind, padding and hash together, so that no half of it can be mixed up.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "keystore/key_spec.h"

namespace rootkeep {

enum class Hash : std::uint8_t { kNone, kSha256, kSha384, kSha512 };

// Octets of a digest; 0 for kNone.
std::size_t HashSize(Hash hash);
// OpenSSL's name, for example "SHA256"; empty for kNone.
std::string_view HashName(Hash hash);

enum class SignatureScheme : std::uint8_t {
  kEcdsaSha256,
  kEcdsaSha384,
  kRsaPkcs1Sha256,
  kRsaPkcs1Sha384,
  kRsaPkcs1Sha512,
  kRsaPssSha256,  // MGF1 with the same hash, salt as long as the hash (RFC 8017 §9.1)
  kRsaPssSha384,
  kRsaPssSha512,
  kEd25519,  // hashes by itself: Sign takes the message
};

// "ecdsa-sha256", "rsa-pkcs1-sha256", "rsa-pss-sha256", "ed25519" and so on.
std::string_view SchemeName(SignatureScheme scheme);

// The hash the caller applies before Sign; kNone for kEd25519.
Hash SchemeHash(SignatureScheme scheme);

// Every scheme that a key of this type can sign with; the first is the one its certificates are signed with
// (P-256 with SHA-256, P-384 with SHA-384, RSA PKCS#1 v1.5 with SHA-256).
const std::vector<SignatureScheme>& SchemesOf(KeyType type);

}  // namespace rootkeep
