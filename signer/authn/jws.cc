#include "signer/authn/jws.h"

#include <fmt/format.h>
#include <openssl/ecdsa.h>

#include <array>
#include <utility>

#include "signer/authn/refusal.h"
#include "signer/authn/strict_json.h"

namespace rootkeep::jose {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, SignatureScheme>, 6> kAlgorithms{{
    {"RS256", SignatureScheme::kRsaPkcs1Sha256},
    {"RS384", SignatureScheme::kRsaPkcs1Sha384},
    {"RS512", SignatureScheme::kRsaPkcs1Sha512},
    {"PS256", SignatureScheme::kRsaPssSha256},
    {"ES256", SignatureScheme::kEcdsaSha256},
    {"ES384", SignatureScheme::kEcdsaSha384},
}};

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signing_input;
};

Result<Parts> Split(std::string_view token) {
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  // A dot beyond the second ends up in the signature, where it is no base64url.
  if (second == std::string_view::npos) return Refusal(refusal::kTokenMalformed, "the token has not three parts");
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
               token.substr(0, second)};
}

Result<json> DecodeObject(std::string_view part, std::string_view what) {
  const auto octets = FromBase64Url(part);
  if (!octets) return Refusal(refusal::kTokenMalformed, fmt::format("the token's {} is not base64url", what));
  auto object = ParseStrictJson(AsText(*octets));
  if (object.ok()) return object;
  const bool twice = object.error().reason() == "json_duplicate_member";
  return Refusal(twice ? refusal::kTokenDuplicateMember : refusal::kTokenMalformed,
                 fmt::format("the token's {}: {}", what, object.error().message()));
}

Status ReadHeader(const json& header, Jws& jws) {
  if (header.contains("crit") || header.contains("b64")) {
    return Refusal(refusal::kTokenCritical, "the token's header has a crit or b64 member");
  }
  const auto alg = header.find("alg");
  if (alg == header.end() || !alg->is_string()) return Refusal(refusal::kTokenAlg, "the token names no algorithm");
  jws.algorithm = alg->get_ref<const std::string&>();
  const auto scheme = SchemeOfAlgorithm(jws.algorithm);
  if (!scheme) {
    return Refusal(refusal::kTokenAlg, fmt::format("algorithm {:.16} is not accepted", jws.algorithm));
  }
  jws.scheme = *scheme;
  if (const auto kid = header.find("kid"); kid != header.end()) {
    if (!kid->is_string()) return Refusal(refusal::kTokenMalformed, "the token's kid is not a string");
    jws.kid = kid->get<std::string>();
  }
  return Ok();
}

// Two coordinates side by side become the SEQUENCE that OpenSSL checks.
Result<Bytes> EcdsaToDer(ByteView raw, KeyType type) {
  const std::size_t width = type == KeyType::kEcP256 ? 32 : 48;
  if (raw.size() != 2 * width) {
    return Refusal(refusal::kTokenSignature,
                   fmt::format("an ECDSA signature of {} octets, want {}", raw.size(), 2 * width));
  }
  ossl::BigNum r(BN_bin2bn(raw.data(), static_cast<int>(width), nullptr));
  ossl::BigNum s(BN_bin2bn(raw.data() + width, static_cast<int>(width), nullptr));
  const ossl::Owned<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  if (r == nullptr || s == nullptr || signature == nullptr) return ossl::TakeError(Code::kInternal, "ECDSA_SIG_new");
  ECDSA_SIG_set0(signature.get(), r.release(), s.release());
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(signature.get(), &der);
  if (length <= 0) return ossl::TakeError(Code::kInternal, "i2d_ECDSA_SIG");
  Bytes out(der, der + length);
  OPENSSL_free(der);
  return out;
}

}  // namespace

std::optional<SignatureScheme> SchemeOfAlgorithm(std::string_view name) {
  for (const auto& [known, scheme] : kAlgorithms) {
    if (known == name) return scheme;
  }
  return std::nullopt;
}

bool KeyFits(SignatureScheme scheme, KeyType type) {
  switch (scheme) {
    case SignatureScheme::kEcdsaSha256: return type == KeyType::kEcP256;
    case SignatureScheme::kEcdsaSha384: return type == KeyType::kEcP384;
    case SignatureScheme::kEd25519: return false;
    default: return IsRsa(type);
  }
}

Result<Jws> ParseJws(std::string_view token) {
  if (token.size() > kMaxToken) {
    return Refusal(refusal::kTokenTooLarge, fmt::format("a token of {} octets, at most {}", token.size(), kMaxToken));
  }
  RK_TRY(const Parts parts, Split(token));
  RK_TRY(const json header, DecodeObject(parts.header, "header"));
  Jws jws;
  RK_RETURN_IF_ERROR(ReadHeader(header, jws));
  jws.signing_input = parts.signing_input;
  RK_TRY(jws.payload, DecodeObject(parts.payload, "payload"));
  auto signature = FromBase64Url(parts.signature);
  if (!signature) return Refusal(refusal::kTokenMalformed, "the token's signature is not base64url");
  jws.signature = std::move(*signature);
  return jws;
}

Status VerifyJws(const Jws& jws, const PublicKey& key) {
  if (!KeyFits(jws.scheme, key.type())) {
    return Refusal(refusal::kTokenAlg,
                   fmt::format("algorithm {} does not fit a key of type {}", jws.algorithm, KeyTypeName(key.type())));
  }
  Bytes signature = jws.signature;
  if (!IsRsa(key.type())) {
    RK_TRY(signature, EcdsaToDer(jws.signature, key.type()));
  }
  RK_TRY(const Bytes digest, Digest(SchemeHash(jws.scheme), AsBytes(jws.signing_input)));
  const Status verified = key.Verify(jws.scheme, digest, signature);
  if (!verified.ok()) return Refusal(refusal::kTokenSignature, "the token's signature does not verify");
  return Ok();
}

}  // namespace rootkeep::jose
