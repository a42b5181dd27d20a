// Tokens, their JSON and JWK sets. The first octet chooses: a token as it is; a header and a payload, parted by a line
// break, which are then signed with the key in the set, so that the claims are reached; a JSON text; a JWK set.
// Besides not crashing: whatever we accept, jansson and cjose accept too, and what a token obtains stays inside its
// issuer's trust domain and namespaces.
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "keystore/base/file.h"
#include "signer/authn/jwk_set.h"
#include "signer/authn/jws.h"
#include "signer/authn/jwt.h"
#include "signer/authn/strict_json.h"
#include "signer/spiffe_id.h"
#include "tests/support/jose_oracle.h"
#include "tests/support/jwt_minter.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace {

using rootkeep::AuthOutcome;
using rootkeep::Caller;
using rootkeep::testing::JwtMinter;

constexpr std::int64_t kNow = 1'800'000'000;

void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

// The private key 1: its public point is the generator of P-256, so corpora stay good for ever.
rootkeep::ossl::PKey KeyOne() {
  using rootkeep::ossl::Owned;
  const Owned<EC_GROUP, EC_GROUP_free> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  rootkeep::Bytes point(65);
  EC_POINT_point2oct(group.get(), EC_GROUP_get0_generator(group.get()), POINT_CONVERSION_UNCOMPRESSED, point.data(),
                     point.size(), nullptr);
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, BN_value_one());
  const Owned<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(builder.get()));
  const rootkeep::ossl::PKeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  Require(
      EVP_PKEY_fromdata_init(ctx.get()) == 1 && EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_KEYPAIR, params.get()) == 1,
      "no key");
  return rootkeep::ossl::PKey(key);
}

// Made once: one issuer, whose only key is `minter`'s.
struct World {
  JwtMinter minter{"ES256", "one", KeyOne()};
  rootkeep::testing::ManualClock clock{kNow};
  rootkeep::testing::TempDir dir;
  rootkeep::jose::JwksRegistry sources;
  std::unique_ptr<rootkeep::JwtAuthenticator> authenticator;

  World() {
    rootkeep::TokenIssuerConfig config;
    config.name = "main";
    config.issuer = "https://issuer.test";
    config.audiences = {"istio-ca"};
    config.cluster = "Kubernetes";
    config.trust_domain = "cluster.local";
    config.namespaces = {"default", "web"};
    config.jwks.file = dir / "jwks";
    config.jwks.file_check = std::chrono::hours(24);
    Require(rootkeep::WriteFileAtomically(config.jwks.file, rootkeep::testing::JwksOf({minter.Jwk()}), 0600).ok(),
            "no key file");
    auto made = rootkeep::JwtAuthenticator::Create({config}, sources, clock, 64);
    Require(made.ok(), "no authenticator");
    authenticator = std::move(*made);
  }
};

World& TheWorld() {
  static World world;
  return world;
}

void CheckCaller(const Caller& caller, const rootkeep::jose::Jws& jws) {
  Require(caller.identities.size() == 1, "a token has one identity");
  const auto id = rootkeep::ParseSpiffeId(caller.identities[0].value);
  Require(id.ok() && id->trust_domain == "cluster.local", "outside the trust domain");
  Require(id->ns == "default" || id->ns == "web", "outside the namespaces");
  Require(jws.payload["sub"] == "system:serviceaccount:" + id->ns + ":" + id->service_account, "not the subject");
  Require(jws.payload["exp"].get<double>() > kNow, "expired");
}

void CheckToken(const std::string& token) {
  World& world = TheWorld();
  const auto jws = rootkeep::jose::ParseJws(token);
  const std::string value = "Bearer " + token;
  const std::string_view view = value;
  const rootkeep::CallContext call{.authorization = std::span(&view, 1)};
  const AuthOutcome first = world.authenticator->Authenticate(call);
  const auto* caller = std::get_if<Caller>(&first);
  if (caller == nullptr) return;
  Require(jws.ok(), "accepted without parsing");
  CheckCaller(*caller, *jws);
  Require(rootkeep::testing::CjoseVerifies(token, world.minter.Jwk()), "cjose does not verify it");
  const AuthOutcome again = world.authenticator->Authenticate(call);
  Require(std::holds_alternative<Caller>(again) && std::get<Caller>(again).identities == caller->identities,
          "remembered differently");
}

void CheckSigned(std::string_view text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return;
  const std::string token = TheWorld().minter.MintWithHeader(text.substr(0, end), text.substr(end + 1));
  const auto jws = rootkeep::jose::ParseJws(token);
  if (jws.ok() && jws->algorithm == "ES256") {
    const auto key = rootkeep::PublicKey::FromSpki([] {
      unsigned char* der = nullptr;
      const int length = i2d_PUBKEY(TheWorld().minter.key(), &der);
      rootkeep::Bytes spki(der, der + length);
      OPENSSL_free(der);
      return spki;
    }());
    Require(rootkeep::jose::VerifyJws(*jws, *key).ok(), "a good signature does not verify");
  }
  CheckToken(token);
}

void CheckJson(std::string_view text) {
  const auto ours = rootkeep::jose::ParseStrictJson(text);
  if (!ours.ok()) return;
  Require(rootkeep::testing::JanssonReads(text), "jansson does not read it, or sees a duplicate");
  const auto theirs = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  Require(!theirs.is_discarded() && theirs == *ours, "nlohmann reads it differently");
}

void CheckKeys(std::string_view text) {
  const auto set = rootkeep::jose::JwkSet::Parse(text);
  if (!set.ok()) return;
  const auto root = rootkeep::jose::ParseStrictJson(text);
  Require(root.ok(), "a set that is no JSON");
  for (const nlohmann::json& entry : (*root)["keys"]) {
    if (rootkeep::jose::ParseJwk(entry).ok()) {
      Require(rootkeep::testing::CjoseReadsKey(entry.dump()), "cjose does not read a key");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = rootkeep::AsText({data + 1, size - 1});
  switch (data[0]) {
    case 't': CheckToken(std::string(text)); break;
    case 's': CheckSigned(text); break;
    case 'j': CheckJson(text); break;
    case 'k': CheckKeys(text); break;
    default: break;
  }
  return 0;
}
