#include "attestation/wire/public_area.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "attestation/wire/signature.h"

namespace rootkeep::attestation {
namespace {

SymmetricScheme ReadSymmetric(Reader& in) {
  SymmetricScheme symmetric;
  symmetric.algorithm = in.Alg();
  if (symmetric.algorithm == Algorithm::kNull) return symmetric;
  symmetric.key_bits = in.U16();
  const Algorithm mode = in.Alg();
  const std::uint16_t bits = symmetric.key_bits;
  const bool known = symmetric.algorithm == Algorithm::kAes && (bits == 128 || bits == 192 || bits == 256);
  if (!known || mode != Algorithm::kCfb) in.Fail("the symmetric algorithm is not AES-CFB");
  return symmetric;
}

void Write(const SymmetricScheme& symmetric, Writer& out) {
  out.Alg(symmetric.algorithm);
  if (symmetric.algorithm == Algorithm::kNull) return;
  out.U16(symmetric.key_bits);
  out.Alg(Algorithm::kCfb);
}

bool HasHash(Algorithm scheme) { return scheme != Algorithm::kNull && scheme != Algorithm::kRsaEs; }

void Write(const Scheme& scheme, Writer& out) {
  out.Alg(scheme.algorithm);
  if (HasHash(scheme.algorithm)) out.Alg(scheme.hash);
  if (scheme.algorithm == Algorithm::kEcDaa) out.U16(scheme.count);
}

// One of `known`, or kNull.
Scheme ReadScheme(Reader& in, std::initializer_list<Algorithm> known) {
  Scheme scheme;
  scheme.algorithm = in.Alg();
  if (scheme.algorithm == Algorithm::kNull) return scheme;
  if (std::ranges::find(known, scheme.algorithm) == known.end()) {
    in.Fail(fmt::format("{} is no scheme known here for this", AlgorithmName(scheme.algorithm)));
  }
  if (HasHash(scheme.algorithm)) scheme.hash = in.HashAlg();
  if (scheme.algorithm == Algorithm::kEcDaa) scheme.count = in.U16();
  return scheme;
}

RsaKey ReadRsaKey(Reader& in) {
  RsaKey key;
  key.scheme = ReadScheme(in, {Algorithm::kRsaSsa, Algorithm::kRsaPss, Algorithm::kRsaEs, Algorithm::kOaep});
  key.key_bits = in.U16();
  key.exponent = in.U32();
  if (key.key_bits != 1024 && key.key_bits != 2048 && key.key_bits != 3072 && key.key_bits != 4096) {
    in.Fail(fmt::format("an RSA key of {} bits", key.key_bits));
  }
  key.modulus = in.Sized(kMaxRsaSize);
  if (key.modulus.size() != key.key_bits / 8U) in.Fail("the RSA modulus has not the size that the key has");
  return key;
}

void Write(const RsaKey& key, Writer& out) {
  Write(key.scheme, out);
  out.U16(key.key_bits);
  out.U32(key.exponent);
  out.Sized(key.modulus);
}

Bytes ReadCoordinate(Reader& in, Curve curve) {
  Bytes coordinate = in.Sized(CoordinateSize(curve));
  if (coordinate.empty()) in.Fail("a coordinate is empty");
  return coordinate;
}

EccKey ReadEccKey(Reader& in) {
  EccKey key;
  key.scheme = ReadScheme(in, {Algorithm::kEcdsa, Algorithm::kEcDaa, Algorithm::kEcdh});
  key.curve = static_cast<Curve>(in.U16());
  if (CoordinateSize(key.curve) == 0) in.Fail("the curve is none of P-256, P-384 and P-521");
  key.kdf = ReadScheme(in, {Algorithm::kKdf1Sp800_56a, Algorithm::kKdf1Sp800_108});
  key.x = ReadCoordinate(in, key.curve);
  key.y = ReadCoordinate(in, key.curve);
  return key;
}

void Write(const EccKey& key, Writer& out) {
  Write(key.scheme, out);
  out.U16(static_cast<std::uint16_t>(key.curve));
  Write(key.kdf, out);
  out.Sized(key.x);
  out.Sized(key.y);
}

PublicArea ReadPublicArea(Reader& in) {
  PublicArea area;
  const Algorithm type = in.Alg();
  area.name_alg = in.HashAlg();
  area.attributes = in.U32();
  area.auth_policy = in.Sized(kMaxDigestSize);
  if (!area.auth_policy.empty() && area.auth_policy.size() != HashSize(area.name_alg)) {
    in.Fail("the authorisation policy is no digest of the name's hash function");
  }
  area.symmetric = ReadSymmetric(in);
  switch (type) {
    case Algorithm::kRsa: area.key = ReadRsaKey(in); break;
    case Algorithm::kEcc: area.key = ReadEccKey(in); break;
    default: in.Fail(fmt::format("a key of type {} is neither RSA nor ECC", AlgorithmName(type)));
  }
  return area;
}

}  // namespace

std::size_t CoordinateSize(Curve curve) {
  switch (curve) {
    case Curve::kP256: return 32;
    case Curve::kP384: return 48;
    case Curve::kP521: return 66;
  }
  return 0;
}

Bytes Encode(const PublicArea& area) {
  Writer out;
  out.Alg(std::holds_alternative<RsaKey>(area.key) ? Algorithm::kRsa : Algorithm::kEcc);
  out.Alg(area.name_alg);
  out.U32(area.attributes);
  out.Sized(area.auth_policy);
  Write(area.symmetric, out);
  std::visit([&out](const auto& key) { Write(key, out); }, area.key);
  return out.Take();
}

Result<PublicArea> ParsePublicArea(ByteView tpmt_public) {
  return ReadWhole<PublicArea>("TPMT_PUBLIC", tpmt_public, kMaxPublicAreaSize, &ReadPublicArea, &Encode);
}

Result<Bytes> Name(const PublicArea& area) {
  RK_TRY(const Bytes digest, TpmHash(area.name_alg, Encode(area)));
  Writer name;
  name.Alg(area.name_alg);
  name.Octets(digest);
  return name.Take();
}

}  // namespace rootkeep::attestation
