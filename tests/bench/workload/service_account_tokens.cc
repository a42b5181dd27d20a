#include "tests/bench/workload/service_account_tokens.h"

#include <fmt/format.h>
#include <openssl/core_names.h>

#include <cstdlib>

#include "keystore/base/random.h"
#include "tests/support/software_key.h"

namespace rootkeep::bench {
namespace {

std::string RandomHex(std::size_t octets) { return ToHex(RandomBytes(octets).value()); }

std::string RandomUuid() {
  const std::string hex = RandomHex(16);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20));
}

std::string NumberOf(const EVP_PKEY* key, const char* parameter) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, parameter, &raw) != 1) std::abort();
  const ossl::BigNum number(raw);
  Bytes octets(static_cast<std::size_t>(BN_num_bytes(number.get())));
  BN_bn2bin(number.get(), octets.data());
  return ToBase64Url(octets);
}

}  // namespace

TokenIssuer::TokenIssuer(TokenSpec spec)
    : spec_(std::move(spec)), key_(testing::MakeKey("RSA:2048")), key_id_(RandomHex(16)) {}

std::string TokenIssuer::Mint(const ServiceAccount& account) const {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const std::string header = fmt::format(R"({{"alg":"RS256","kid":"{}"}})", key_id_);
  const std::string payload = fmt::format(
      R"({{"aud":["{}"],"exp":{},"iat":{},"iss":"{}","jti":"{}","kubernetes.io":{{"namespace":"{}",)"
      R"("node":{{"name":"node-1","uid":"{}"}},"pod":{{"name":"{}-7d4b9c6f8-x2x5q","uid":"{}"}},)"
      R"("serviceaccount":{{"name":"{}","uid":"{}"}}}},"nbf":{},"sub":"system:serviceaccount:{}:{}"}})",
      spec_.audience, now + spec_.lifetime.count(), now - 60, spec_.issuer, RandomUuid(), account.name_space,
      RandomUuid(), account.name, RandomUuid(), account.name, RandomUuid(), now - 60, account.name_space, account.name);
  const std::string signing_input = ToBase64Url(AsBytes(header)) + "." + ToBase64Url(AsBytes(payload));
  return signing_input + "." + ToBase64Url(testing::SignWith(key_.get(), "SHA256", AsBytes(signing_input)));
}

std::string TokenIssuer::Jwks() const {
  return fmt::format(R"({{"keys":[{{"kty":"RSA","use":"sig","alg":"RS256","kid":"{}","n":"{}","e":"{}"}}]}})", key_id_,
                     NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_N), NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_E));
}

}  // namespace rootkeep::bench
