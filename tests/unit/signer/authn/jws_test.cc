#include "signer/authn/jws.h"

#include <fmt/format.h>

#include <string>

#include "tests/support/jose_oracle.h"
#include "tests/support/jwt_minter.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep::jose {
namespace {

using rootkeep::testing::CompactJws;
using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::JwtMinter;
using rootkeep::testing::MakeKey;
using rootkeep::testing::SpkiOf;

PublicKey PublicOf(const JwtMinter& minter) { return *PublicKey::FromSpki(SpkiOf(minter.key())); }

// What ParseJws and VerifyJws say together.
Status Check(const std::string& token, const PublicKey& key) {
  RK_TRY(const Jws jws, ParseJws(token));
  return VerifyJws(jws, key);
}

class EveryAlgorithm : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryAlgorithm, VerifiesAndNoticesEveryChange) {
  const JwtMinter minter(GetParam(), "k1");
  const PublicKey key = PublicOf(minter);
  const std::string token = minter.Mint(R"({"iss":"x"})");
  ASSERT_OK_AND_ASSIGN(const Jws jws, ParseJws(token));
  EXPECT_EQ(jws.algorithm, GetParam());
  EXPECT_EQ(jws.kid, "k1");
  EXPECT_EQ(jws.payload["iss"], "x");
  EXPECT_THAT(VerifyJws(jws, key), IsOk());
  EXPECT_TRUE(rootkeep::testing::CjoseVerifies(token, minter.Jwk()));

  Jws flipped = jws;
  flipped.signature[flipped.signature.size() / 2] ^= 1;
  EXPECT_THAT(VerifyJws(flipped, key), HasReason("token_signature"));
  const std::string other_payload =
      CompactJws(fmt::format(R"({{"alg":"{}","kid":"k1"}})", GetParam()), R"({"iss":"y"})", jws.signature);
  EXPECT_THAT(Check(other_payload, key), HasReason("token_signature"));
  EXPECT_THAT(VerifyJws(jws, PublicOf(JwtMinter(GetParam(), "k1"))), HasReason("token_signature"));
}

TEST_P(EveryAlgorithm, WantsASignatureOfExactlyTheRightLength) {
  const JwtMinter minter(GetParam(), "k1");
  const PublicKey key = PublicOf(minter);
  const std::string token = minter.Mint("{}");
  ASSERT_OK_AND_ASSIGN(const Jws jws, ParseJws(token));
  Jws changed = jws;
  changed.signature.push_back(0);
  EXPECT_THAT(VerifyJws(changed, key), HasReason("token_signature"));
  changed.signature = jws.signature;
  changed.signature.pop_back();
  EXPECT_THAT(VerifyJws(changed, key), HasReason("token_signature"));
  changed.signature.clear();
  EXPECT_THAT(VerifyJws(changed, key), HasReason("token_signature"));
}

INSTANTIATE_TEST_SUITE_P(Jws, EveryAlgorithm, ::testing::Values("RS256", "RS384", "RS512", "PS256", "ES256", "ES384"));

TEST(Jws, RefusesPaddedEcdsaCoordinates) {
  const JwtMinter minter("ES256", "k1");
  const std::string token = minter.Mint("{}");
  ASSERT_OK_AND_ASSIGN(Jws jws, ParseJws(token));
  Bytes wide(8, 0);
  wide.insert(wide.end(), jws.signature.begin(), jws.signature.begin() + 32);
  wide.insert(wide.end(), 8, 0);
  wide.insert(wide.end(), jws.signature.begin() + 32, jws.signature.end());
  jws.signature = wide;
  EXPECT_THAT(VerifyJws(jws, PublicOf(minter)), HasReason("token_signature"));
}

TEST(Jws, KnowsNoOtherAlgorithm) {
  for (const char* name : {"none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "rs256", "RS256 ", "PS384",
                           "PS512", "ES512", "ES256K", "EdDSA", "RSA-OAEP", "dir"}) {
    EXPECT_EQ(SchemeOfAlgorithm(name), std::nullopt) << name;
    const std::string header = fmt::format(R"({{"alg":"{}"}})", name);
    EXPECT_THAT(ParseJws(CompactJws(header, "{}", Bytes(64))), HasReason("token_alg")) << name;
  }
  EXPECT_THAT(ParseJws(JwtMinter::MintUnsigned("{}")), HasReason("token_alg"));
  EXPECT_THAT(ParseJws(JwtMinter("RS256", "k1").MintHs256WithPublicKey("{}")), HasReason("token_alg"));
  for (const char* header : {"{}", R"({"alg":null})", R"({"alg":5})", R"({"alg":["RS256"]})", R"({"Alg":"RS256"})"}) {
    EXPECT_THAT(ParseJws(CompactJws(header, "{}", {})), HasReason("token_alg")) << header;
  }
}

TEST(Jws, WantsAKeyThatFitsTheAlgorithm) {
  const JwtMinter rsa("RS256", "k1");
  const JwtMinter p256("ES256", "k1");
  const JwtMinter p384("ES384", "k1");
  EXPECT_THAT(Check(rsa.Mint("{}"), PublicOf(p256)), HasReason("token_alg"));
  EXPECT_THAT(Check(p256.Mint("{}"), PublicOf(rsa)), HasReason("token_alg"));
  EXPECT_THAT(Check(p256.Mint("{}"), PublicOf(p384)), HasReason("token_alg"));
  EXPECT_THAT(Check(p384.Mint("{}"), PublicOf(p256)), HasReason("token_alg"));
  // A valid SHA-256 signature by a P-384 key, called ES256.
  const JwtMinter mixed("ES256", "k1", MakeKey("P-384"));
  EXPECT_THAT(Check(mixed.Mint("{}"), PublicOf(mixed)), HasReason("token_alg"));
  EXPECT_FALSE(KeyFits(SignatureScheme::kEd25519, KeyType::kEd25519));
}

TEST(Jws, DoesNotTakePkcs1ForPss) {
  const JwtMinter pss("PS256", "k1");
  const std::string token = pss.MintWithHeader(R"({"alg":"RS256","kid":"k1"})", "{}");
  EXPECT_THAT(Check(token, PublicOf(pss)), HasReason("token_signature"));
}

TEST(Jws, RefusesCriticalHeaders) {
  const JwtMinter minter("RS256", "k1");
  for (const char* header : {R"({"alg":"RS256","crit":["exp"],"exp":1})", R"({"alg":"RS256","crit":[]})",
                             R"({"alg":"RS256","b64":false,"crit":["b64"]})", R"({"alg":"RS256","b64":true})"}) {
    EXPECT_THAT(ParseJws(minter.MintWithHeader(header, "{}")), HasReason("token_critical")) << header;
  }
}

TEST(Jws, IgnoresKeysInTheHeader) {
  const JwtMinter mine("RS256", "k1");
  const JwtMinter theirs("RS256", "k1");
  const std::string header =
      fmt::format(R"({{"alg":"RS256","kid":"k1","jwk":{},"jku":"https://evil.test"}})", theirs.Jwk());
  EXPECT_THAT(Check(theirs.MintWithHeader(header, "{}"), PublicOf(mine)), HasReason("token_signature"));
}

TEST(Jws, RefusesDuplicateMembersInBothParts) {
  const JwtMinter minter("RS256", "k1");
  EXPECT_THAT(ParseJws(minter.MintWithHeader(R"({"alg":"none","alg":"RS256"})", "{}")),
              HasReason("token_duplicate_member"));
  EXPECT_THAT(ParseJws(minter.Mint(R"({"sub":"a","sub":"b"})")), HasReason("token_duplicate_member"));
  EXPECT_THAT(ParseJws(minter.Mint(R"({"kubernetes.io":{"namespace":"a","namespace":"b"}})")),
              HasReason("token_duplicate_member"));
}

TEST(Jws, RefusesMalformedTokens) {
  const JwtMinter minter("ES256", "k1");
  const std::string good = minter.Mint("{}");
  const auto dot = good.find('.');
  const auto last = good.rfind('.');
  for (const std::string& token : {std::string(),
                                   std::string("."),
                                   std::string(".."),
                                   std::string("..."),
                                   std::string("a.b"),
                                   good + ".",
                                   good + ".e30",
                                   good.substr(0, last),
                                   "." + good,
                                   good + "=",
                                   good + "\n",
                                   " " + good,
                                   good.substr(0, dot) + "..x",
                                   "!" + good.substr(1),
                                   good.substr(0, dot) + "." + "e30=" + good.substr(last),
                                   good + "AAA",
                                   std::string(5000, 'A'),
                                   "e31" + good.substr(dot),
                                   minter.Mint("not json"),
                                   minter.Mint("[]"),
                                   minter.Mint("5"),
                                   minter.Mint(""),
                                   minter.MintWithHeader(R"({"alg":"ES256","kid":5})", "{}"),
                                   minter.MintWithHeader("[\"ES256\"]", "{}")}) {
    EXPECT_THAT(ParseJws(token), HasReason("token_malformed")) << token;
    EXPECT_THAT(ParseJws(token), HasCode(Code::kUnauthenticated)) << token;
  }
  EXPECT_THAT(ParseJws(good), IsOk());
}

TEST(Jws, RefusesUnusedBitsInBase64) {
  // "e30" is {}; "e31" decodes to the same octets in a lax decoder.
  const JwtMinter minter("ES256", "k1");
  std::string token = minter.Mint("{}");
  const auto at = token.find(".e30.");
  ASSERT_NE(at, std::string::npos);
  token[at + 3] = '1';
  EXPECT_THAT(ParseJws(token), HasReason("token_malformed"));
}

TEST(Jws, BoundsTheSize) {
  const JwtMinter minter("ES256", "k1");
  const auto token_of = [&](std::size_t filler) {
    return minter.Mint(R"({"x":")" + std::string(filler, 'a') + R"("})");
  };
  const std::size_t overhead = token_of(0).size();
  std::size_t filler = (kMaxToken - overhead) / 4 * 3;
  while (token_of(filler + 1).size() <= kMaxToken) ++filler;
  EXPECT_THAT(ParseJws(token_of(filler)), IsOk());
  EXPECT_THAT(ParseJws(token_of(filler + 2)), HasReason("token_too_large"));
  EXPECT_THAT(ParseJws(std::string(1 << 20, '.')), HasReason("token_too_large"));
}

}  // namespace
}  // namespace rootkeep::jose
