#include "signer/authn/jwk.h"

#include <fmt/format.h>

#include <string>

#include "signer/authn/jwk_set.h"
#include "tests/support/jwt_minter.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep::jose {
namespace {

using nlohmann::json;
using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::JwksOf;
using rootkeep::testing::JwtMinter;
using rootkeep::testing::MakeKey;
using rootkeep::testing::Says;
using rootkeep::testing::SpkiOf;

// A token's outcome against a set: the kid that was chosen, or the error.
Result<std::string> Choose(const JwkSet& set, const std::string& token) {
  RK_TRY(const Jws jws, ParseJws(token));
  RK_TRY(const Jwk* jwk, set.Select(jws));
  RK_RETURN_IF_ERROR(VerifyJws(jws, jwk->key));
  return jwk->kid.value_or("");
}

TEST(Jwk, GivesTheSameKeyBack) {
  for (const char* algorithm : {"RS256", "ES256", "ES384"}) {
    const JwtMinter minter(algorithm, "k1");
    ASSERT_OK_AND_ASSIGN(const Jwk jwk, ParseJwk(json::parse(minter.Jwk(R"("use":"sig","key_ops":["verify"])"))));
    EXPECT_EQ(jwk.kid, "k1");
    EXPECT_EQ(jwk.key.spki(), SpkiOf(minter.key())) << algorithm;
  }
}

TEST(Jwk, RefusesWeakAndForeignKeys) {
  for (const char* kind : {"RSA:1024", "RSA:1536", "P-521"}) {
    const JwtMinter minter("RS256", "k1", MakeKey(kind));
    EXPECT_THAT(ParseJwk(json::parse(minter.Jwk())), HasCode(Code::kInvalidArgument)) << kind;
  }
  for (const char* text : {R"({"kty":"OKP","crv":"Ed25519","x":"AA"})", R"({"kty":"oct"})", R"({"kty":5})", R"({})",
                           "5", R"({"kty":"RSA"})", R"({"kty":"RSA","n":"AQAB","e":"AQAB"})",
                           R"({"kty":"EC","crv":"P-256"})", R"({"kty":"RSA","n":"!","e":"AQAB"})"}) {
    EXPECT_THAT(ParseJwk(json::parse(text)), HasCode(Code::kInvalidArgument)) << text;
  }
}

TEST(Jwk, RefusesBrokenNumbers) {
  const json good = json::parse(JwtMinter("RS256", "k1").Jwk());
  const auto with = [&good](const char* member, const std::string& value) {
    json changed = good;
    changed[member] = value;
    return changed;
  };
  ASSERT_THAT(ParseJwk(good), IsOk());
  EXPECT_THAT(ParseJwk(with("e", "AQ")), Says("exponent"));         // 1
  EXPECT_THAT(ParseJwk(with("e", "AQAA")), Says("exponent"));       // even
  EXPECT_THAT(ParseJwk(with("e", "AQAAAAAB")), Says("too large"));  // slow
  EXPECT_THAT(ParseJwk(with("n", std::string(1000, 'B'))), Says("too large"));
  EXPECT_THAT(ParseJwk(with("n", good["n"].get<std::string>() + "=")), Says("base64url"));
}

TEST(Jwk, RefusesAPointOffItsCurve) {
  json jwk = json::parse(JwtMinter("ES256", "k1").Jwk());
  jwk["y"] = jwk["x"];
  EXPECT_THAT(ParseJwk(jwk), HasCode(Code::kInvalidArgument));
  json longer = json::parse(JwtMinter("ES256", "k1").Jwk());
  longer["x"] = "AA" + longer["x"].get<std::string>() + "AA";
  EXPECT_THAT(ParseJwk(longer), Says("width"));
  json renamed = json::parse(JwtMinter("ES256", "k1").Jwk());
  renamed["crv"] = "P-384";
  EXPECT_THAT(ParseJwk(renamed), Says("width"));
}

TEST(Jwk, RefusesKeysForOtherPurposes) {
  const JwtMinter minter("RS256", "k1");
  for (const char* extra : {R"("use":"enc")", R"("use":5)", R"("key_ops":["encrypt"])", R"("key_ops":[])",
                            R"("key_ops":"verify")", R"("key_ops":["sign"])"}) {
    EXPECT_THAT(ParseJwk(json::parse(minter.Jwk(extra))), HasCode(Code::kInvalidArgument)) << extra;
  }
}

TEST(JwkSet, ChoosesByKid) {
  const JwtMinter a("RS256", "a");
  const JwtMinter b("ES256", "b");
  ASSERT_OK_AND_ASSIGN(const JwkSet set, JwkSet::Parse(JwksOf({a.Jwk(), b.Jwk()})));
  EXPECT_EQ(*Choose(set, a.Mint("{}")), "a");
  EXPECT_EQ(*Choose(set, b.Mint("{}")), "b");
  EXPECT_THAT(Choose(set, JwtMinter("RS256", "c").Mint("{}")), HasReason("token_key_unknown"));
  EXPECT_THAT(Choose(set, JwtMinter("RS256", "a").Mint("{}")), HasReason("token_signature"));
  EXPECT_THAT(Choose(set, JwtMinter("ES256", "a").Mint("{}")), HasReason("token_alg"));
  EXPECT_THAT(Choose(set, a.MintWithHeader(R"({"alg":"RS256","kid":""})", "{}")), HasReason("token_key_unknown"));
}

TEST(JwkSet, WithoutKidWantsTheOnlyKeyThatFits) {
  const JwtMinter rsa("RS256", "");
  const JwtMinter ec("ES256", "named");
  ASSERT_OK_AND_ASSIGN(const JwkSet set, JwkSet::Parse(JwksOf({rsa.Jwk(), ec.Jwk()})));
  EXPECT_THAT(Choose(set, rsa.Mint("{}")), IsOk());
  EXPECT_THAT(Choose(set, ec.MintWithHeader(R"({"alg":"ES256"})", "{}")), IsOk());
  EXPECT_THAT(Choose(set, JwtMinter("ES384", "").Mint("{}")), HasReason("token_key_unknown"));
  ASSERT_OK_AND_ASSIGN(const JwkSet two, JwkSet::Parse(JwksOf({rsa.Jwk(), JwtMinter("RS256", "x").Jwk()})));
  EXPECT_THAT(Choose(two, rsa.Mint("{}")), HasReason("token_key_ambiguous"));
}

TEST(JwkSet, ARepeatedKidIsAmbiguousUnlessTheAlgorithmTells) {
  const JwtMinter rsa("RS256", "k");
  const JwtMinter ec("ES256", "k");
  ASSERT_OK_AND_ASSIGN(const JwkSet set, JwkSet::Parse(JwksOf({rsa.Jwk(), ec.Jwk()})));
  EXPECT_THAT(Choose(set, ec.Mint("{}")), IsOk());
  ASSERT_OK_AND_ASSIGN(const JwkSet twice, JwkSet::Parse(JwksOf({rsa.Jwk(), JwtMinter("RS256", "k").Jwk()})));
  EXPECT_THAT(Choose(twice, rsa.Mint("{}")), HasReason("token_key_ambiguous"));
}

TEST(JwkSet, HoldsAKeyToItsOwnAlgorithm) {
  const JwtMinter rsa("RS256", "k");
  ASSERT_OK_AND_ASSIGN(const JwkSet set, JwkSet::Parse(JwksOf({rsa.Jwk(R"("alg":"RS512")")})));
  EXPECT_THAT(Choose(set, rsa.Mint("{}")), HasReason("token_alg"));
}

TEST(JwkSet, SkipsKeysItDoesNotKnow) {
  const JwtMinter rsa("RS256", "k");
  ASSERT_OK_AND_ASSIGN(const JwkSet set,
                       JwkSet::Parse(JwksOf({R"({"kty":"OKP","crv":"Ed25519","x":"AA"})", rsa.Jwk(),
                                             JwtMinter("RS256", "w", MakeKey("RSA:1024")).Jwk(), "7"})));
  EXPECT_EQ(set.keys().size(), 1U);
  EXPECT_EQ(set.skipped(), 3U);
  ASSERT_OK_AND_ASSIGN(const JwkSet empty, JwkSet::Parse(R"({"keys":[]})"));
  EXPECT_THAT(Choose(empty, rsa.Mint("{}")), HasReason("token_key_unknown"));
}

TEST(JwkSet, RefusesPrivateKeysAltogether) {
  const JwtMinter rsa("RS256", "k");
  for (const char* extra : {R"("d":"AQAB")", R"("p":"AQAB")", R"("k":"AQAB")", R"("dp":null)", R"("oth":[])"}) {
    EXPECT_THAT(JwkSet::Parse(JwksOf({rsa.Jwk(), JwtMinter("ES256", "e").Jwk(extra)})), HasReason("jwks_private_key"))
        << extra;
  }
  EXPECT_THAT(JwkSet::Parse(JwksOf({R"({"kty":"oct","k":"c2VjcmV0"})"})), HasReason("jwks_private_key"));
}

TEST(JwkSet, RefusesMalformedSets) {
  const std::string key = JwtMinter("ES256", "k").Jwk();
  std::string many = key;
  for (std::size_t i = 0; i < kMaxKeys; ++i) many += "," + key;
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), std::string(R"({"keys":{}})"), key,
        fmt::format(R"({{"keys":[],"keys":[{}]}})", key), fmt::format(R"({{"keys":[{}]}})", many),
        JwksOf({JwtMinter("ES256", "k").Jwk(R"("kid":"other")")}), std::string(kMaxJwkSet + 1, ' ')}) {
    EXPECT_THAT(JwkSet::Parse(text), HasCode(Code::kInvalidArgument)) << text.substr(0, 200);
  }
}

}  // namespace
}  // namespace rootkeep::jose
