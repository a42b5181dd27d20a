#include "tools/rootkeep/sandbox/test_issuer.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <nlohmann/json.hpp>

#include "keystore/base/bytes.h"
#include "keystore/base/file.h"
#include "keystore/base/random.h"
#include "tools/rootkeep/software_key.h"

namespace rootkeep::cli {
namespace {

using nlohmann::ordered_json;

constexpr char kKeyId[] = "rootkeep-test-key";

std::string Encode(const ordered_json& value) { return ToBase64Url(AsBytes(value.dump())); }

Result<Bytes> SignRs256(EVP_PKEY* key, std::string_view text) {
  const ossl::MdCtx ctx(EVP_MD_CTX_new());
  const ByteView input = AsBytes(text);
  std::size_t size = 0;
  if (EVP_DigestSignInit(ctx.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(ctx.get(), nullptr, &size, input.data(), input.size()) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_DigestSign");
  }
  Bytes signature(size);
  if (EVP_DigestSign(ctx.get(), signature.data(), &size, input.data(), input.size()) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_DigestSign");
  }
  return signature;
}

Result<std::string> NumberOf(EVP_PKEY* key, const char* parameter) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, parameter, &raw) != 1)
    return ossl::TakeError(Code::kInternal, "EVP_PKEY_get_bn_param");
  const ossl::BigNum number(raw);
  Bytes octets(static_cast<std::size_t>(BN_num_bytes(raw)));
  BN_bn2bin(raw, octets.data());
  return ToBase64Url(octets);
}

}  // namespace

Result<TestIssuer> TestIssuer::Make() {
  RK_TRY(ossl::PKey key, MakeSoftwareKey(KeyType::kRsa2048));
  return TestIssuer(std::move(key));
}

Result<TestIssuer> TestIssuer::OpenOrMake(const std::string& path) {
  Result<SecretBytes> stored = ReadSecretFile(path);
  if (stored.ok()) {
    RK_TRY(ossl::PKey key, ParsePrivateKey(*stored));
    return TestIssuer(std::move(key));
  }
  if (stored.error().code() != Code::kNotFound) return stored.error();
  RK_TRY(TestIssuer issuer, Make());
  RK_TRY(const SecretBytes pem, PrivateKeyPem(issuer.key_.get()));
  RK_RETURN_IF_ERROR(WriteFileAtomically(path, AsText(pem.RevealForUse()), 0600));
  return issuer;
}

Result<SecretBytes> TestIssuer::Mint(const TokenSubject& subject, WallTime now, std::chrono::seconds lifetime) const {
  RK_TRY(const Bytes id, RandomBytes(16));
  const std::int64_t from = ToUnixSeconds(now);
  ordered_json kubernetes{{"namespace", subject.ns},
                          {"pod", {{"name", subject.service_account + "-0"}, {"uid", ToHex(id)}}},
                          {"serviceaccount", {{"name", subject.service_account}, {"uid", "1"}}}};
  if (!subject.node.empty()) kubernetes["node"] = {{"name", subject.node}, {"uid", "1"}};
  const ordered_json header{{"alg", "RS256"}, {"kid", kKeyId}, {"typ", "JWT"}};
  const ordered_json claims{
      {"aud", {kAudience}}, {"exp", from + lifetime.count()},
      {"iat", from},        {"iss", kIssuer},
      {"jti", ToHex(id)},   {"kubernetes.io", kubernetes},
      {"nbf", from},        {"sub", "system:serviceaccount:" + subject.ns + ":" + subject.service_account}};
  const std::string signed_part = Encode(header) + "." + Encode(claims);
  RK_TRY(const Bytes signature, SignRs256(key_.get(), signed_part));
  return SecretBytes(signed_part + "." + ToBase64Url(signature));
}

Result<std::string> TestIssuer::Jwks() const {
  RK_TRY(const std::string modulus, NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_N));
  RK_TRY(const std::string exponent, NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_E));
  const ordered_json key{{"kty", "RSA"},  {"use", "sig"}, {"alg", "RS256"},
                         {"kid", kKeyId}, {"n", modulus}, {"e", exponent}};
  return ordered_json{{"keys", ordered_json::array({key})}}.dump(2) + "\n";
}

}  // namespace rootkeep::cli
