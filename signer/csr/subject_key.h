// The public key of a request: which kinds are served, and their parts.
#pragma once

#include <cstdint>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep {

// RSA of any size from kMinRsaBits to kMaxRsaBits, which is why this is not a KeyType.
enum class SubjectKeyKind : std::uint8_t { kEcP256, kEcP384, kEd25519, kRsa };

inline constexpr unsigned kMinRsaBits = 2048;
inline constexpr unsigned kMaxRsaBits = 8192;

// Views into the SubjectPublicKeyInfo it was read from.
struct SubjectKey {
  SubjectKeyKind kind = SubjectKeyKind::kEcP256;
  unsigned bits = 0;  // of the modulus or the field
  ByteView point;     // EC: 04 || X || Y, not yet known to be on the curve; Ed25519: 32 octets; RSA: empty
  ByteView modulus;   // RSA, big-endian without leading zeros
  ByteView exponent;
};

// Reads DER SubjectPublicKeyInfo: RFC 5480 with a named curve and an uncompressed point, RFC 3279 §2.3.1 with NULL
// parameters, RFC 8410. INVALID_ARGUMENT with reason "csr_parse" when it is not DER, "csr_key" for another algorithm or
// curve, an RSA modulus that is even or outside the sizes above, an RSA exponent that is even, below 3 or above 2^31,
// and Ed25519 points of small order, whose signatures anyone can make.
Result<SubjectKey> ParseSubjectKey(ByteView spki);

}  // namespace rootkeep
