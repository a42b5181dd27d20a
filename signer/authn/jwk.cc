#include "signer/authn/jwk.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>

namespace rootkeep::jose {
namespace {

using nlohmann::json;
using ParamBuilder = ossl::Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = ossl::Owned<OSSL_PARAM, OSSL_PARAM_free>;

constexpr std::size_t kMaxModulus = 512;  // octets of RSA-4096
constexpr std::size_t kMaxExponent = 4;   // a larger one only makes checking slow

Result<std::optional<std::string>> OptionalText(const json& jwk, const char* name) {
  const auto member = jwk.find(name);
  if (member == jwk.end()) return std::optional<std::string>();
  if (!member->is_string()) return InvalidArgument(fmt::format("member {} is not a string", name));
  return std::optional<std::string>(member->get<std::string>());
}

Result<Bytes> RequiredOctets(const json& jwk, const char* name) {
  RK_TRY(const auto text, OptionalText(jwk, name));
  auto octets = text ? FromBase64Url(*text) : std::nullopt;
  if (!octets || octets->empty()) return InvalidArgument(fmt::format("member {} is missing or not base64url", name));
  return std::move(*octets);
}

Result<Bytes> SpkiFrom(const char* algorithm, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const ossl::PKeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* raw = nullptr;
  if (params == nullptr || ctx == nullptr || EVP_PKEY_fromdata_init(ctx.get()) != 1 ||
      EVP_PKEY_fromdata(ctx.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return ossl::TakeError(Code::kInvalidArgument, "EVP_PKEY_fromdata");
  }
  const ossl::PKey key(raw);
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key.get(), &der);
  if (length <= 0) return ossl::TakeError(Code::kInvalidArgument, "i2d_PUBKEY");
  Bytes spki(der, der + length);
  OPENSSL_free(der);
  return spki;
}

// RFC 7518 §6.3.1.
Result<Bytes> RsaSpki(const json& jwk) {
  RK_TRY(const Bytes n, RequiredOctets(jwk, "n"));
  RK_TRY(const Bytes e, RequiredOctets(jwk, "e"));
  if (n.size() > kMaxModulus || e.size() > kMaxExponent) return InvalidArgument("the RSA key is too large");
  const ossl::BigNum modulus(BN_bin2bn(n.data(), static_cast<int>(n.size()), nullptr));
  const ossl::BigNum exponent(BN_bin2bn(e.data(), static_cast<int>(e.size()), nullptr));
  if (modulus == nullptr || exponent == nullptr) return ossl::TakeError(Code::kInternal, "BN_bin2bn");
  if (BN_is_odd(modulus.get()) == 0 || BN_is_odd(exponent.get()) == 0 || BN_is_one(exponent.get()) == 1) {
    return InvalidArgument("the RSA modulus or exponent is even, or the exponent is 1");
  }
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return ossl::TakeError(Code::kInternal, "OSSL_PARAM_BLD_push_BN");
  }
  return SpkiFrom("RSA", builder.get());
}

// RFC 7518 §6.2.1; coordinates have the curve's full width.
Result<Bytes> EcSpki(const json& jwk) {
  RK_TRY(const auto curve, OptionalText(jwk, "crv"));
  RK_TRY(const Bytes x, RequiredOctets(jwk, "x"));
  RK_TRY(const Bytes y, RequiredOctets(jwk, "y"));
  const std::size_t width = curve == "P-256" ? 32 : curve == "P-384" ? 48 : 0;
  if (width == 0) return InvalidArgument("the curve is neither P-256 nor P-384");
  if (x.size() != width || y.size() != width) return InvalidArgument("a coordinate has not the width of its curve");
  Bytes point{POINT_CONVERSION_UNCOMPRESSED};
  point.insert(point.end(), x.begin(), x.end());
  point.insert(point.end(), y.begin(), y.end());
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->c_str(), 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return ossl::TakeError(Code::kInternal, "OSSL_PARAM_BLD_push");
  }
  return SpkiFrom("EC", builder.get());
}

// RFC 7517 §4.2 and §4.3.
Status CheckUse(const json& jwk) {
  if (const auto use = jwk.find("use"); use != jwk.end() && *use != "sig") {
    return InvalidArgument("the key is not for signatures");
  }
  const auto operations = jwk.find("key_ops");
  if (operations == jwk.end()) return Ok();
  if (!operations->is_array() || std::ranges::find(*operations, json("verify")) == operations->end()) {
    return InvalidArgument("the key is not for verifying");
  }
  return Ok();
}

}  // namespace

bool HasPrivateMember(const json& jwk) {
  static constexpr std::array kPrivate{"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
  return std::ranges::any_of(kPrivate, [&](const char* name) { return jwk.contains(name); });
}

Result<Jwk> ParseJwk(const json& jwk) {
  if (!jwk.is_object()) return InvalidArgument("a key is not a JSON object");
  RK_RETURN_IF_ERROR(CheckUse(jwk));
  RK_TRY(auto kid, OptionalText(jwk, "kid"));
  RK_TRY(auto algorithm, OptionalText(jwk, "alg"));
  RK_TRY(const auto type, OptionalText(jwk, "kty"));
  if (type != "RSA" && type != "EC") return InvalidArgument("the key type is neither RSA nor EC");
  RK_TRY(const Bytes spki, type == "RSA" ? RsaSpki(jwk) : EcSpki(jwk));
  RK_TRY(PublicKey key, PublicKey::FromSpki(spki));
  return Jwk{std::move(kid), std::move(algorithm), std::move(key)};
}

}  // namespace rootkeep::jose
