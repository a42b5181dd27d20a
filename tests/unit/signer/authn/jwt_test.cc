#include "signer/authn/jwt.h"

#include <array>
#include <string>

#include "tests/unit/signer/authn/issuer_fixture.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::JwksOf;
using testing::JwtMinter;
using testing::Outcome;
using testing::TokenSpec;

class Jwt : public testing::IssuerFixture {
 protected:
  void SetUp() override { Start({IssuerWith(JwksOf({minter_.Jwk()}))}); }

  Result<Caller> AskWith(std::vector<std::string_view> authorization) {
    return Outcome(jwt_->Authenticate({.authorization = authorization}));
  }

  JwtMinter minter_{"ES256", "k"};
};

TEST_F(Jwt, Case16TheCallerIsTheServiceAccount) {
  TokenSpec spec = Good();
  spec.service_account = "example-pod-sa";
  spec.pod = "web-0";
  spec.pod_uid = "uid-0";
  spec.node = "node-1";
  const JwtMinter rsa("RS256", "rsa");
  Start({IssuerWith(JwksOf({rsa.Jwk(), minter_.Jwk()}))});
  for (const JwtMinter* minter : {&rsa, static_cast<const JwtMinter*>(&minter_)}) {
    ASSERT_OK_AND_ASSIGN(const Caller caller, Ask(*minter, spec));
    ASSERT_EQ(caller.identities.size(), 1U);
    EXPECT_EQ(caller.identities[0].kind, GeneralName::Kind::kUri);
    EXPECT_EQ(caller.identities[0].value, "spiffe://cluster.local/ns/default/sa/example-pod-sa");
    EXPECT_EQ(caller.method, AuthMethod::kToken);
    EXPECT_EQ(caller.authenticator, "main");
    EXPECT_EQ(caller.trust_domain, "cluster.local");
    EXPECT_EQ(caller.cluster, "Kubernetes");
    EXPECT_EQ(caller.pod, "web-0");
    EXPECT_EQ(caller.pod_uid, "uid-0");
    EXPECT_EQ(caller.node, "node-1");
    EXPECT_EQ(caller.credential_id.size(), 64U);
    EXPECT_EQ(caller.peer, "ipv4:127.0.0.1:40404");
  }
}

TEST_F(Jwt, Case3And10OnlyABearerValueIsMine) {
  const std::string good = "Bearer " + minter_.Mint(Good());
  const std::string lower = "bearer " + minter_.Mint(Good());
  const std::string tab = "Bearer\t" + minter_.Mint(Good());
  EXPECT_THAT(AskWith({}), HasReason("not_mine"));
  EXPECT_THAT(AskWith({"Basic dXNlcjpwYXNz"}), HasReason("not_mine"));
  EXPECT_THAT(AskWith({lower}), HasReason("not_mine"));
  EXPECT_THAT(AskWith({tab}), HasReason("not_mine"));
  EXPECT_THAT(AskWith({"Bearer"}), HasReason("not_mine"));
  EXPECT_THAT(AskWith({"Basic dXNlcjpwYXNz", good}), IsOk());
  EXPECT_THAT(AskWith({good, "Bearer garbage"}), IsOk());
  EXPECT_THAT(AskWith({"Bearer garbage", good}), HasReason("token_malformed"));
  EXPECT_THAT(AskWith({"Bearer "}), HasReason("token_malformed"));
}

TEST_F(Jwt, Case11RefusesExpiredForeignAndForgedTokens) {
  TokenSpec spec = Good();
  spec.issued_at -= spec.lifetime;
  EXPECT_THAT(Ask(minter_, spec), HasReason("token_expired"));
  spec = Good();
  spec.issued_at = testing::kTokenNow + 6;
  EXPECT_THAT(Ask(minter_, spec), HasReason("token_not_yet_valid"));
  spec.issued_at = testing::kTokenNow + 5;
  EXPECT_THAT(Ask(minter_, spec), IsOk());
  for (const char* issuer : {"https://evil.test", "https://issuer.test/", "HTTPS://issuer.test", ""}) {
    spec = Good();
    spec.issuer = issuer;
    EXPECT_THAT(Ask(minter_, spec), HasReason("token_issuer")) << issuer;
  }
  EXPECT_THAT(Ask(JwtMinter("ES256", "k"), Good()), HasReason("token_signature"));
  EXPECT_THAT(Ask(JwtMinter("ES256", "other"), Good()), HasReason("token_key_unknown"));
  EXPECT_THAT(Ask(JwtMinter::MintUnsigned(Good().ToJson())), HasReason("token_alg"));
  EXPECT_THAT(Ask(minter_.MintHs256WithPublicKey(Good().ToJson())), HasReason("token_alg"));
}

TEST_F(Jwt, Case12OneOfTheAudiencesMatches) {
  TokenSpec spec = Good();
  for (const auto& [audiences, ok] : std::vector<std::pair<std::vector<std::string>, bool>>{
           {{"rootkeep"}, true}, {{"x", "istio-ca"}, true}, {{"x"}, false}, {{}, false}, {{"istio-ca "}, false}}) {
    spec.audiences = audiences;
    if (ok) {
      EXPECT_THAT(Ask(minter_, spec), IsOk());
    } else {
      EXPECT_THAT(Ask(minter_, spec), HasReason("token_audience"));
    }
  }
}

TEST_F(Jwt, Case13OtherSubjectsAreRefused) {
  const std::string payload = Good().ToJson();
  const std::string sub = "system:serviceaccount:default:httpbin";
  for (const char* other : {"system:serviceaccount", "system:serviceaccount:default", "alice"}) {
    std::string changed = payload;
    changed.replace(changed.find(sub), sub.size(), other);
    EXPECT_THAT(Ask(minter_.Mint(changed)), HasReason("token_subject")) << other;
  }
}

TEST_F(Jwt, Case15TheClusterIsTheIssuers) {
  auto config = IssuerWith(JwksOf({minter_.Jwk()}));
  config.cluster_aliases = {"c1", "old-name"};
  Start({config});
  const std::string token = minter_.Mint(Good());
  for (int i = 0; i < 2; ++i) {  // verified, then remembered: the header is judged both times
    for (const char* cluster : {"", "Kubernetes", "c1", "old-name"}) {
      ASSERT_OK_AND_ASSIGN(const Caller caller, Ask(token, cluster));
      EXPECT_EQ(caller.cluster, "Kubernetes");
    }
    for (const char* cluster : {"c2", "kubernetes", "*"}) {
      EXPECT_THAT(Ask(token, cluster), HasReason("cluster_unknown")) << cluster;
    }
  }
}

TEST_F(Jwt, EveryRefusalIsUnauthenticated) {
  for (const std::string& token :
       {std::string("x"), std::string(20'000, 'x'), minter_.Mint("[]"),
        minter_.Mint(R"({"iss":"https://issuer.test"})"), minter_.Mint(R"({"iss":"a","iss":"https://issuer.test"})"),
        JwtMinter("ES256", "k").Mint(Good())}) {
    EXPECT_THAT(Ask(token), HasCode(Code::kUnauthenticated)) << token;
  }
  EXPECT_THAT(Ask(std::string(20'000, 'x')), HasReason("token_too_large"));
  EXPECT_THAT(Ask(minter_.Mint(R"({"iss":"a","iss":"https://issuer.test"})")), HasReason("token_duplicate_member"));
  EXPECT_EQ(jwt_->cached(), 0U);
}

TEST_F(Jwt, KeysThatNeverCameRefuseThatIssuerOnly) {
  auto with_keys = IssuerWith(JwksOf({minter_.Jwk()}));
  auto without = IssuerWith("", "absent");
  without.issuer = "https://absent.test";
  without.jwks.file = dir_ / "nowhere.jwks";
  Start({without, with_keys});
  TokenSpec spec = Good();
  EXPECT_THAT(Ask(minter_, spec), IsOk());
  spec.issuer = "https://absent.test";
  EXPECT_THAT(Ask(minter_, spec), HasReason("jwks_unavailable"));
  const auto status = jwt_->DescribeIssuers();
  ASSERT_EQ(status.size(), 2U);
  EXPECT_EQ(status[0].name, "absent");
  EXPECT_EQ(status[0].jwks.keys, 0U);
  EXPECT_NE(status[0].jwks.error.find("ENOENT"), std::string::npos) << status[0].jwks.error;
  EXPECT_EQ(status[1].jwks.keys, 1U);
  EXPECT_EQ(status[1].jwks.error, "");
}

}  // namespace
}  // namespace rootkeep
