// Algorithm identifiers of TPM 2.0 (TPM_ALG_ID, Part 2 §6.3), and the hash functions among them.
#pragma once

#include <cstdint>
#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"

namespace rootkeep::attestation {

// Holds any 16 bits that a peer sent; the readers of structures say which of them they take.
enum class Algorithm : std::uint16_t {
  kRsa = 0x0001,
  kSha1 = 0x0004,
  kAes = 0x0006,
  kSha256 = 0x000b,
  kSha384 = 0x000c,
  kSha512 = 0x000d,
  kNull = 0x0010,
  kRsaSsa = 0x0014,  // RSASSA-PKCS1-v1_5
  kRsaEs = 0x0015,
  kRsaPss = 0x0016,
  kOaep = 0x0017,
  kEcdsa = 0x0018,
  kEcdh = 0x0019,
  kEcDaa = 0x001a,
  kKdf1Sp800_56a = 0x0020,
  kKdf1Sp800_108 = 0x0022,
  kEcc = 0x0023,
  kCfb = 0x0043,
};

// Octets of the longest digest of ours, SHA-512's.
inline constexpr std::size_t kMaxDigestSize = 64;

// Octets of the hash function's digest; 0 when it is none of SHA-1, SHA-256, SHA-384 and SHA-512.
std::size_t HashSize(Algorithm hash);

// OpenSSL's implementation, never freed; null when HashSize is 0.
const EVP_MD* HashMd(Algorithm hash);

// Digest of `data`. INVALID_ARGUMENT when HashSize is 0, INTERNAL when OpenSSL fails. Thread-safe.
Result<Bytes> TpmHash(Algorithm hash, ByteView data);

// For people: "sha256", "ecdsa"; four hexadecimal digits, "0x0012", for what has no name above.
std::string AlgorithmName(Algorithm algorithm);

}  // namespace rootkeep::attestation
