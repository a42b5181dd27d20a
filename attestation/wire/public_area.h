// The public part of a TPM key: TPMT_PUBLIC (Part 2 §12.2.4), and the name that stands for it.
#pragma once

#include <cstdint>
#include <variant>

#include "attestation/wire/codec.h"

namespace rootkeep::attestation {

// TPMA_OBJECT (Part 2 §8.3). What is in none of these is reserved.
inline constexpr std::uint32_t kFixedTpm = 0x00000002;
inline constexpr std::uint32_t kStClear = 0x00000004;
inline constexpr std::uint32_t kFixedParent = 0x00000010;
inline constexpr std::uint32_t kSensitiveDataOrigin = 0x00000020;
inline constexpr std::uint32_t kUserWithAuth = 0x00000040;
inline constexpr std::uint32_t kAdminWithPolicy = 0x00000080;
inline constexpr std::uint32_t kNoDa = 0x00000400;
inline constexpr std::uint32_t kEncryptedDuplication = 0x00000800;
inline constexpr std::uint32_t kRestricted = 0x00010000;
inline constexpr std::uint32_t kDecrypt = 0x00020000;
inline constexpr std::uint32_t kSign = 0x00040000;
inline constexpr std::uint32_t kX509Sign = 0x00080000;

// TPM_ECC_CURVE (Part 2 §6.4), the ones that are read.
enum class Curve : std::uint16_t { kP256 = 3, kP384 = 4, kP521 = 5 };

// Octets of a coordinate: 32, 48 or 66.
std::size_t CoordinateSize(Curve curve);

// Octets of the longest TPMT_PUBLIC that is read: an RSA key of 4096 bits has 604.
inline constexpr std::size_t kMaxPublicAreaSize = 1024;

// TPMT_SYM_DEF_OBJECT (Part 2 §11.1.7): how a storage key protects what is under it. kNull, or AES in CFB mode.
struct SymmetricScheme {
  Algorithm algorithm = Algorithm::kNull;
  std::uint16_t key_bits = 0;  // 128, 192 or 256; 0 with kNull

  friend bool operator==(const SymmetricScheme&, const SymmetricScheme&) = default;
};

// TPMT_RSA_SCHEME, TPMT_ECC_SCHEME and TPMT_KDF_SCHEME (Part 2 §11.2). A field is kNull or 0 when `algorithm` has no
// such detail.
struct Scheme {
  Algorithm algorithm = Algorithm::kNull;
  Algorithm hash = Algorithm::kNull;
  std::uint16_t count = 0;  // of ECDAA

  friend bool operator==(const Scheme&, const Scheme&) = default;
};

// TPMS_RSA_PARMS and TPM2B_PUBLIC_KEY_RSA.
struct RsaKey {
  Scheme scheme;               // kNull, RSASSA, RSAPSS, RSAES or OAEP
  std::uint16_t key_bits = 0;  // 1024, 2048, 3072 or 4096
  std::uint32_t exponent = 0;  // as encoded: 0 stands for 65537
  Bytes modulus;               // big-endian, key_bits / 8 octets

  friend bool operator==(const RsaKey&, const RsaKey&) = default;
};

// TPMS_ECC_PARMS and TPMS_ECC_POINT.
struct EccKey {
  Scheme scheme;  // kNull, ECDSA, ECDAA or ECDH
  Curve curve = Curve::kP256;
  Scheme kdf;  // kNull, KDF1_SP800_56A or KDF1_SP800_108
  // Big-endian, 1 to CoordinateSize octets: some TPMs leave leading zero octets out. Not known to be on the curve.
  Bytes x;
  Bytes y;

  friend bool operator==(const EccKey&, const EccKey&) = default;
};

struct PublicArea {
  Algorithm name_alg = Algorithm::kNull;
  std::uint32_t attributes = 0;  // all 32 bits as sent, reserved ones too: the caller judges them
  Bytes auth_policy;             // empty, or a digest of name_alg
  SymmetricScheme symmetric;
  std::variant<RsaKey, EccKey> key;

  friend bool operator==(const PublicArea&, const PublicArea&) = default;
};

// Types RSA and ECC, and in them only what the comments above say; a template, which has no key in it, is refused.
// INVALID_ARGUMENT kReasonStructure.
Result<PublicArea> ParsePublicArea(ByteView tpmt_public);
Bytes Encode(const PublicArea& area);

// TPM2B_NAME's contents (Part 1 §16): name_alg in two octets, then the digest of the encoded area. INTERNAL when
// OpenSSL fails.
Result<Bytes> Name(const PublicArea& area);

}  // namespace rootkeep::attestation
