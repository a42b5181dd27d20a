#include "signer/authn/claims.h"

#include <string>

#include "tests/support/matchers.h"

namespace rootkeep::jose {
namespace {

using nlohmann::json;
using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using std::chrono::seconds;

// A good payload with one member replaced; null removes it.
json With(const char* member, const json& value) {
  json payload{{"iss", "https://issuer.test"},
               {"aud", "istio-ca"},
               {"exp", 2000},
               {"sub", "system:serviceaccount:default:httpbin"}};
  payload[member] = value;
  if (value.is_null()) payload.erase(member);
  return payload;
}

TEST(Claims, ReadsAKubernetesToken) {
  ASSERT_OK_AND_ASSIGN(const Claims claims, ReadClaims(json::parse(R"({
    "aud":["istio-ca","other"],"exp":2000,"iat":1000,"nbf":1000,"iss":"https://kubernetes.default.svc","jti":"id-1",
    "kubernetes.io":{"namespace":"default","node":{"name":"node-1","uid":"n"},"pod":{"name":"web-0","uid":"p-uid"},
    "serviceaccount":{"name":"httpbin","uid":"s"},"warnafter":1500},"sub":"system:serviceaccount:default:httpbin"})")));
  EXPECT_EQ(claims.audiences, (std::vector<std::string>{"istio-ca", "other"}));
  EXPECT_EQ(claims.expires, 2000);
  EXPECT_EQ(claims.not_before, 1000);
  EXPECT_EQ(claims.issued_at, 1000);
  EXPECT_EQ(claims.id, "id-1");
  EXPECT_EQ(claims.ns, "default");
  EXPECT_EQ(claims.service_account, "httpbin");
  EXPECT_EQ(claims.pod, "web-0");
  EXPECT_EQ(claims.pod_uid, "p-uid");
  EXPECT_EQ(claims.node, "node-1");
}

TEST(Claims, ReadsAMinimalToken) {
  ASSERT_OK_AND_ASSIGN(const Claims claims, ReadClaims(With("x", 1)));
  EXPECT_EQ(claims.audiences, std::vector<std::string>{"istio-ca"});
  EXPECT_EQ(claims.pod + claims.pod_uid + claims.node + claims.id, "");
  ASSERT_OK_AND_ASSIGN(const Claims without, ReadClaims(With("aud", nullptr)));
  EXPECT_TRUE(without.audiences.empty());
}

TEST(Claims, Case13RefusesOtherSubjects) {
  for (const char* sub : {"",
                          ":",
                          ":::",
                          "system",
                          "system:serviceaccount",
                          "system:serviceaccount:default",
                          "system:serviceaccount:default:",
                          "system:serviceaccount::httpbin",
                          "system:serviceaccount:default:httpbin:x",
                          "system:node:default:httpbin",
                          "user:serviceaccount:default:httpbin",
                          "system:serviceaccount:a/b:httpbin",
                          "system:serviceaccount:default:a/b",
                          "system:serviceaccount:..:httpbin",
                          "system:serviceaccount:default:..",
                          "system:serviceaccount:De:httpbin",
                          "system:serviceaccount:a.b:httpbin",
                          "system:serviceaccount:-a:httpbin",
                          "system:serviceaccount:default:a%2fb",
                          " system:serviceaccount:default:httpbin",
                          "system:serviceaccount:default:httpbin\n",
                          "spiffe://x/ns/a/sa/b"}) {
    EXPECT_THAT(ReadClaims(With("sub", sub)), HasReason("token_subject")) << sub;
  }
  EXPECT_THAT(ReadClaims(With("sub", nullptr)), HasReason("token_subject"));
  EXPECT_THAT(ReadClaims(With("sub", 5)), HasReason("token_subject"));
  const std::string longest(63, 'n');
  EXPECT_THAT(ReadClaims(With("sub", "system:serviceaccount:" + longest + ":a.b-c")), IsOk());
  EXPECT_THAT(ReadClaims(With("sub", "system:serviceaccount:n" + longest + ":a")), HasReason("token_subject"));
  EXPECT_THAT(ReadClaims(With("sub", "system:serviceaccount:a:" + std::string(254, 'a'))), HasReason("token_subject"));
}

TEST(Claims, RefusesTimesThatAreNone) {
  for (const char* claim : {"exp", "nbf", "iat"}) {
    for (const json& value : {json("2000"), json(-1), json(-1e300), json(1e300), json(253402300800), json(INT64_MIN),
                              json(INT64_MAX), json(true), json::array({1}), json::object(), json(-0.5)}) {
      EXPECT_THAT(ReadClaims(With(claim, value)), HasReason("token_malformed")) << claim << value;
    }
  }
  EXPECT_THAT(ReadClaims(With("exp", nullptr)), HasReason("token_malformed"));
  EXPECT_EQ(ReadClaims(With("exp", 2000.9))->expires, 2000);
  EXPECT_EQ(ReadClaims(With("exp", 253402300799))->expires, 253402300799);
}

TEST(Claims, RefusesAudiencesOfTheWrongType) {
  for (const json& value : {json(5), json::object(), json::array({"istio-ca", 5}), json(true)}) {
    EXPECT_THAT(ReadClaims(With("aud", value)), HasReason("token_malformed")) << value;
  }
}

TEST(Claims, KubernetesFactsAgreeWithTheSubject) {
  EXPECT_THAT(ReadClaims(With("kubernetes.io", {{"namespace", "other"}})), HasReason("token_subject"));
  EXPECT_THAT(ReadClaims(With("kubernetes.io", {{"serviceaccount", {{"name", "other"}}}})), HasReason("token_subject"));
  EXPECT_THAT(ReadClaims(With("kubernetes.io", {{"namespace", "default"}})), IsOk());
  for (const json& value : {json(5), json("x"), json{{"namespace", 5}}, json{{"pod", "web-0"}},
                            json{{"pod", {{"name", 5}}}}, json{{"pod", {{"uid", ""}}}},
                            json{{"node", {{"name", "a b"}}}}, json{{"node", {{"name", std::string(254, 'n')}}}},
                            json{{"node", {{"name", "n\n"}}}}, json{{"serviceaccount", {{"name", true}}}}}) {
    EXPECT_THAT(ReadClaims(With("kubernetes.io", value)), HasReason("token_malformed")) << value;
  }
}

TEST(Claims, AnUnfitIdIsLeftOut) {
  EXPECT_EQ(ReadClaims(With("jti", "a b"))->id, "");
  EXPECT_EQ(ReadClaims(With("jti", 5))->id, "");
  EXPECT_EQ(ReadClaims(With("jti", std::string(129, 'j')))->id, "");
  EXPECT_EQ(ReadClaims(With("jti", "j-1"))->id, "j-1");
}

TEST(Claims, ReadsTheIssuer) {
  EXPECT_EQ(*ReadIssuer(With("x", 1)), "https://issuer.test");
  EXPECT_THAT(ReadIssuer(With("iss", nullptr)), HasReason("token_issuer"));
  EXPECT_THAT(ReadIssuer(With("iss", json::array({"https://issuer.test"}))), HasReason("token_issuer"));
}

TEST(Claims, ExpiryIsExactAndTheStartMaySkew) {
  Claims claims;
  claims.expires = 2000;
  EXPECT_THAT(CheckTimes(claims, FromUnixSeconds(1999), seconds(60)), IsOk());
  EXPECT_THAT(CheckTimes(claims, FromUnixSeconds(2000), seconds(60)), HasReason("token_expired"));
  for (auto* start : {&claims.not_before, &claims.issued_at}) {
    *start = 1000;
    EXPECT_THAT(CheckTimes(claims, FromUnixSeconds(995), seconds(5)), IsOk());
    EXPECT_THAT(CheckTimes(claims, FromUnixSeconds(994), seconds(5)), HasReason("token_not_yet_valid"));
    EXPECT_THAT(CheckTimes(claims, FromUnixSeconds(999), seconds(0)), HasReason("token_not_yet_valid"));
    EXPECT_THAT(CheckTimes(claims, FromUnixSeconds(994), seconds(5)), HasCode(Code::kUnauthenticated));
    start->reset();
  }
}

}  // namespace
}  // namespace rootkeep::jose
