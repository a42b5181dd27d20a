#include "keystore/signature_scheme.h"

namespace rootkeep {

std::size_t HashSize(Hash hash) {
  switch (hash) {
    case Hash::kNone: return 0;
    case Hash::kSha256: return 32;
    case Hash::kSha384: return 48;
    case Hash::kSha512: return 64;
  }
  return 0;
}

std::string_view HashName(Hash hash) {
  switch (hash) {
    case Hash::kNone: return "";
    case Hash::kSha256: return "SHA256";
    case Hash::kSha384: return "SHA384";
    case Hash::kSha512: return "SHA512";
  }
  return "";
}

std::string_view SchemeName(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::kEcdsaSha256: return "ecdsa-sha256";
    case SignatureScheme::kEcdsaSha384: return "ecdsa-sha384";
    case SignatureScheme::kRsaPkcs1Sha256: return "rsa-pkcs1-sha256";
    case SignatureScheme::kRsaPkcs1Sha384: return "rsa-pkcs1-sha384";
    case SignatureScheme::kRsaPkcs1Sha512: return "rsa-pkcs1-sha512";
    case SignatureScheme::kRsaPssSha256: return "rsa-pss-sha256";
    case SignatureScheme::kRsaPssSha384: return "rsa-pss-sha384";
    case SignatureScheme::kRsaPssSha512: return "rsa-pss-sha512";
    case SignatureScheme::kEd25519: return "ed25519";
  }
  return "unknown";
}

Hash SchemeHash(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::kEcdsaSha256:
    case SignatureScheme::kRsaPkcs1Sha256:
    case SignatureScheme::kRsaPssSha256: return Hash::kSha256;
    case SignatureScheme::kEcdsaSha384:
    case SignatureScheme::kRsaPkcs1Sha384:
    case SignatureScheme::kRsaPssSha384: return Hash::kSha384;
    case SignatureScheme::kRsaPkcs1Sha512:
    case SignatureScheme::kRsaPssSha512: return Hash::kSha512;
    case SignatureScheme::kEd25519: return Hash::kNone;
  }
  return Hash::kNone;
}

const std::vector<SignatureScheme>& SchemesOf(KeyType type) {
  static const auto& p256 = *new std::vector{SignatureScheme::kEcdsaSha256};
  static const auto& p384 = *new std::vector{SignatureScheme::kEcdsaSha384};
  static const auto& rsa = *new std::vector{SignatureScheme::kRsaPkcs1Sha256, SignatureScheme::kRsaPkcs1Sha384,
                                            SignatureScheme::kRsaPkcs1Sha512, SignatureScheme::kRsaPssSha256,
                                            SignatureScheme::kRsaPssSha384,   SignatureScheme::kRsaPssSha512};
  static const auto& ed25519 = *new std::vector{SignatureScheme::kEd25519};
  switch (type) {
    case KeyType::kEcP256: return p256;
    case KeyType::kEcP384: return p384;
    case KeyType::kEd25519: return ed25519;
    default: return rsa;
  }
}

}  // namespace rootkeep
