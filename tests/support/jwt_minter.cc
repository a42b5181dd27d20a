#include "tests/support/jwt_minter.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/support/software_key.h"

namespace rootkeep::testing {
namespace {

void Require(bool ok) {
  if (!ok) std::abort();
}

std::string KindFor(std::string_view algorithm) {
  if (algorithm == "ES256") return "P-256";
  if (algorithm == "ES384") return "P-384";
  return "RSA:2048";
}

Bytes NumberOf(EVP_PKEY* key, const char* name, int width = 0) {
  BIGNUM* raw = nullptr;
  Require(EVP_PKEY_get_bn_param(key, name, &raw) == 1);
  const ossl::BigNum number(raw);
  Bytes out(static_cast<std::size_t>(width > 0 ? width : BN_num_bytes(raw)));
  Require(BN_bn2binpad(raw, out.data(), static_cast<int>(out.size())) >= 0);
  return out;
}

// The two integers of a DER signature, each `width` octets.
Bytes RawEcdsa(ByteView der, int width) {
  const unsigned char* cursor = der.data();
  const ossl::Owned<ECDSA_SIG, ECDSA_SIG_free> parsed(
      d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(der.size())));  // NOLINT(google-runtime-int)
  Require(parsed != nullptr);
  Bytes out(static_cast<std::size_t>(2 * width));
  Require(BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out.data(), width) == width);
  Require(BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), out.data() + width, width) == width);
  return out;
}

}  // namespace

std::string TokenSpec::ToJson() const {
  nlohmann::json payload{
      {"iss", issuer},    {"aud", audiences}, {"sub", fmt::format("system:serviceaccount:{}:{}", ns, service_account)},
      {"iat", issued_at}, {"nbf", issued_at}, {"exp", issued_at + lifetime}};
  nlohmann::json kubernetes{{"namespace", ns}, {"serviceaccount", {{"name", service_account}, {"uid", "sa-uid"}}}};
  if (!pod.empty()) kubernetes["pod"] = {{"name", pod}, {"uid", pod_uid}};
  if (!node.empty()) kubernetes["node"] = {{"name", node}, {"uid", "node-uid"}};
  payload["kubernetes.io"] = std::move(kubernetes);
  return payload.dump();
}

JwtMinter::JwtMinter(std::string algorithm, std::string kid)
    : algorithm_(std::move(algorithm)), kid_(std::move(kid)), key_(MakeKey(KindFor(algorithm_))) {}

JwtMinter::JwtMinter(std::string algorithm, std::string kid, ossl::PKey key)
    : algorithm_(std::move(algorithm)), kid_(std::move(kid)), key_(std::move(key)) {}

std::string JwtMinter::Mint(std::string_view payload) const {
  nlohmann::json header{{"alg", algorithm_}};
  if (!kid_.empty()) header["kid"] = kid_;
  return MintWithHeader(header.dump(), payload);
}

std::string JwtMinter::MintWithHeader(std::string_view header, std::string_view payload) const {
  const std::string input = ToBase64Url(AsBytes(header)) + "." + ToBase64Url(AsBytes(payload));
  return CompactJws(header, payload, Sign(input));
}

Bytes JwtMinter::Sign(std::string_view input) const {
  const std::string md = "SHA" + algorithm_.substr(2);
  const ossl::MdCtx ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_ctx = nullptr;
  Require(EVP_DigestSignInit_ex(ctx.get(), &key_ctx, md.c_str(), nullptr, nullptr, key_.get(), nullptr) == 1);
  if (algorithm_.starts_with("PS")) {
    Require(EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING) == 1);
    Require(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
  }
  const ByteView message = AsBytes(input);
  std::size_t size = 0;
  Require(EVP_DigestSign(ctx.get(), nullptr, &size, message.data(), message.size()) == 1);
  Bytes signature(size);
  Require(EVP_DigestSign(ctx.get(), signature.data(), &size, message.data(), message.size()) == 1);
  signature.resize(size);
  if (EVP_PKEY_is_a(key_.get(), "EC") == 1) return RawEcdsa(signature, (EVP_PKEY_get_bits(key_.get()) + 7) / 8);
  return signature;
}

std::string JwtMinter::MintUnsigned(std::string_view payload) { return CompactJws(R"({"alg":"none"})", payload, {}); }

std::string JwtMinter::MintHs256WithPublicKey(std::string_view payload) const {
  const ossl::Bio pem(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_PUBKEY(pem.get(), key_.get()) == 1);
  char* secret = nullptr;
  const auto secret_size = static_cast<int>(BIO_get_mem_data(pem.get(), &secret));
  const std::string header = fmt::format(R"({{"alg":"HS256","kid":"{}"}})", kid_);
  const std::string input = ToBase64Url(AsBytes(header)) + "." + ToBase64Url(AsBytes(payload));
  Bytes mac(32);
  Require(HMAC(EVP_sha256(), secret, secret_size, AsBytes(input).data(), input.size(), mac.data(), nullptr) != nullptr);
  return CompactJws(header, payload, mac);
}

std::string JwtMinter::Jwk(std::string_view extra) const {
  nlohmann::json jwk;
  if (!kid_.empty()) jwk["kid"] = kid_;
  if (EVP_PKEY_is_a(key_.get(), "RSA") == 1) {
    jwk["kty"] = "RSA";
    jwk["n"] = ToBase64Url(NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_N));
    jwk["e"] = ToBase64Url(NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_E));
  } else {
    const int width = (EVP_PKEY_get_bits(key_.get()) + 7) / 8;
    jwk["kty"] = "EC";
    jwk["crv"] = fmt::format("P-{}", EVP_PKEY_get_bits(key_.get()));
    jwk["x"] = ToBase64Url(NumberOf(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, width));
    jwk["y"] = ToBase64Url(NumberOf(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, width));
  }
  std::string text = jwk.dump();
  if (!extra.empty()) text.insert(text.size() - 1, fmt::format(",{}", extra));
  return text;
}

std::string JwksOf(std::initializer_list<std::string> jwks) {
  return fmt::format(R"({{"keys":[{}]}})", fmt::join(jwks, ","));
}

std::string CompactJws(std::string_view header, std::string_view payload, ByteView signature) {
  return fmt::format("{}.{}.{}", ToBase64Url(AsBytes(header)), ToBase64Url(AsBytes(payload)), ToBase64Url(signature));
}

}  // namespace rootkeep::testing
