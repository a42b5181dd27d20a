#include "signer/csr/subject_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "signer/csr/errors.h"
#include "signer/csr/small_order.h"
#include "signer/der/oid.h"
#include "signer/der/reader.h"

namespace rootkeep {
namespace {

using csr::BadKey;
using csr::NotParsed;
using std::ranges::equal;

constexpr std::uint8_t kUncompressed = 0x04;

// SubjectPublicKeyInfo taken apart: the algorithm, what follows its OID, and the key's octets.
struct Fields {
  ByteView algorithm;
  ByteView parameters;  // DER of the parameters, empty when absent
  ByteView key;
};

std::optional<Fields> Split(ByteView spki) {
  const std::optional<ByteView> body = der::Only(spki, der::kSequence);
  if (!body) return std::nullopt;
  der::Reader reader(*body);
  const std::optional<ByteView> identifier = reader.Take(der::kSequence);
  const std::optional<ByteView> bits = reader.Take(der::kBitString);
  if (!identifier || !bits || !reader.AtEnd()) return std::nullopt;
  der::Reader inside(*identifier);
  const std::optional<ByteView> algorithm = inside.Take(der::kOid);
  if (!algorithm || !der::IsOid(*algorithm)) return std::nullopt;
  ByteView parameters;
  if (!inside.AtEnd()) {
    const std::optional<der::Element> element = inside.Take();
    if (!element || !inside.AtEnd()) return std::nullopt;
    parameters = element->whole;
  }
  const std::optional<ByteView> key = der::BitStringOctets(*bits);
  if (!key) return std::nullopt;
  return Fields{*algorithm, parameters, *key};
}

Result<SubjectKey> EcKey(const Fields& fields) {
  const std::optional<ByteView> curve = der::Only(fields.parameters, der::kOid);
  if (!curve) return BadKey("the elliptic curve key does not name its curve");
  SubjectKey key;
  if (equal(*curve, der::oid::kP256)) {
    key = {SubjectKeyKind::kEcP256, 256, fields.key, {}, {}};
  } else if (equal(*curve, der::oid::kP384)) {
    key = {SubjectKeyKind::kEcP384, 384, fields.key, {}, {}};
  } else {
    return BadKey("the key's curve is neither P-256 nor P-384");
  }
  if (key.point.size() != 1 + 2 * (key.bits / 8) || key.point[0] != kUncompressed) {
    return BadKey("the key's point is not uncompressed or not as long as its curve asks");
  }
  return key;
}

Result<SubjectKey> Ed25519Key(const Fields& fields) {
  if (!fields.parameters.empty()) return NotParsed("an Ed25519 key has parameters");
  if (fields.key.size() != 32) return BadKey("an Ed25519 key is not 32 octets long");
  if (csr::IsSmallOrder(fields.key)) return BadKey("the Ed25519 point is of small order");
  return SubjectKey{SubjectKeyKind::kEd25519, 256, fields.key, {}, {}};
}

bool IsNull(ByteView parameters) {
  const std::optional<ByteView> content = der::Only(parameters, der::kNull);
  return content && content->empty();
}

// Odd, at least 3 and below 2^31: what OpenSSL, Go and the platforms' verifiers all take.
bool IsExponent(ByteView exponent) {
  if (exponent.size() > 4 || (exponent.size() == 4 && exponent[0] >= 0x80)) return false;
  std::uint32_t value = 0;
  for (const std::uint8_t octet : exponent) value = value << 8 | octet;
  return value >= 3 && value % 2 == 1;
}

Result<SubjectKey> RsaKey(const Fields& fields) {
  if (!IsNull(fields.parameters)) return NotParsed("an RSA key's parameters are not NULL");
  const std::optional<ByteView> body = der::Only(fields.key, der::kSequence);
  if (!body) return NotParsed("the RSA key is not DER");
  der::Reader reader(*body);
  const std::optional<ByteView> first = reader.Take(der::kInteger);
  const std::optional<ByteView> second = reader.Take(der::kInteger);
  if (!first || !second || !reader.AtEnd()) return NotParsed("the RSA key is not two integers");
  const std::optional<ByteView> modulus = der::UnsignedInteger(*first);
  const std::optional<ByteView> exponent = der::UnsignedInteger(*second);
  if (!modulus || !exponent) return NotParsed("an integer of the RSA key is negative or padded");
  const std::size_t bits = (modulus->size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(modulus->front()));
  if (bits < kMinRsaBits || bits > kMaxRsaBits) {
    return BadKey(fmt::format("an RSA key of {} bits is not between {} and {}", bits, kMinRsaBits, kMaxRsaBits));
  }
  if (modulus->back() % 2 == 0) return BadKey("the RSA modulus is even");
  if (!IsExponent(*exponent)) return BadKey("the RSA exponent is even, below 3 or above 2^31");
  return SubjectKey{SubjectKeyKind::kRsa, static_cast<unsigned>(bits), {}, *modulus, *exponent};
}

}  // namespace

Result<SubjectKey> ParseSubjectKey(ByteView spki) {
  const std::optional<Fields> fields = Split(spki);
  if (!fields) return NotParsed("the request's public key is not DER");
  if (equal(fields->algorithm, der::oid::kEcPublicKey)) return EcKey(*fields);
  if (equal(fields->algorithm, der::oid::kRsaEncryption)) return RsaKey(*fields);
  if (equal(fields->algorithm, der::oid::kEd25519)) return Ed25519Key(*fields);
  return BadKey("the key's algorithm is none of EC, RSA and Ed25519");
}

}  // namespace rootkeep
