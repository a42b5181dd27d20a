// A token of one issuer can never obtain an identity reserved to another.
#include <string>

#include "tests/unit/signer/authn/issuer_fixture.h"

namespace rootkeep {
namespace {

using testing::HasReason;
using testing::IsOk;
using testing::JwksOf;
using testing::JwtMinter;
using testing::TokenSpec;

// Two issuers that share a trust domain: "a" speaks for the namespace payments, "b" for web and tools.
class TwoIssuers : public testing::IssuerFixture {
 protected:
  void SetUp() override {
    TokenIssuerConfig a = IssuerWith(JwksOf({key_a_.Jwk()}), "a");
    a.issuer = "https://a.test";
    a.namespaces = {"payments"};
    a.cluster = "cluster-a";
    TokenIssuerConfig b = IssuerWith(JwksOf({key_b_.Jwk()}), "b");
    b.issuer = "https://b.test";
    b.namespaces = {"web", "tools"};
    b.cluster = "cluster-b";
    Start({a, b});
  }

  static TokenSpec For(const std::string& issuer, const std::string& ns) {
    TokenSpec spec = Good();
    spec.issuer = issuer;
    spec.ns = ns;
    return spec;
  }

  // Both name their key alike, as two API servers may.
  JwtMinter key_a_{"ES256", "same-kid"};
  JwtMinter key_b_{"ES256", "same-kid"};
};

TEST_F(TwoIssuers, EachSpeaksForItsOwnNamespaces) {
  ASSERT_OK_AND_ASSIGN(const Caller a, Ask(key_a_, For("https://a.test", "payments")));
  EXPECT_EQ(a.identities[0].value, "spiffe://cluster.local/ns/payments/sa/httpbin");
  EXPECT_EQ(a.authenticator, "a");
  EXPECT_EQ(a.cluster, "cluster-a");
  ASSERT_OK_AND_ASSIGN(const Caller b, Ask(key_b_, For("https://b.test", "web")));
  EXPECT_EQ(b.authenticator, "b");
  EXPECT_THAT(Ask(key_b_, For("https://b.test", "tools")), IsOk());
}

TEST_F(TwoIssuers, NoTokenReachesTheOthersNamespaces) {
  EXPECT_THAT(Ask(key_b_, For("https://b.test", "payments")), HasReason("token_namespace"));
  EXPECT_THAT(Ask(key_a_, For("https://a.test", "web")), HasReason("token_namespace"));
  EXPECT_THAT(Ask(key_a_, For("https://a.test", "kube-system")), HasReason("token_namespace"));
}

TEST_F(TwoIssuers, NamingTheOtherIssuerNeedsTheOthersKey) {
  EXPECT_THAT(Ask(key_b_, For("https://a.test", "payments")), HasReason("token_signature"));
  EXPECT_THAT(Ask(key_a_, For("https://b.test", "web")), HasReason("token_signature"));
}

TEST_F(TwoIssuers, ATokenBelongsToItsIssuersCluster) {
  const std::string token = key_a_.Mint(For("https://a.test", "payments"));
  EXPECT_THAT(Ask(token, "cluster-a"), IsOk());
  EXPECT_THAT(Ask(token, "cluster-b"), HasReason("cluster_unknown"));
}

TEST_F(TwoIssuers, AnotherTrustDomainIsOutOfReach) {
  TokenIssuerConfig a = IssuerWith(JwksOf({key_a_.Jwk()}), "a");
  TokenIssuerConfig b = IssuerWith(JwksOf({key_b_.Jwk()}), "b");
  b.issuer = "https://b.test";
  b.trust_domain = "other.test";
  Start({a, b});
  ASSERT_OK_AND_ASSIGN(const Caller caller, Ask(key_b_, For("https://b.test", "payments")));
  EXPECT_EQ(caller.identities[0].value, "spiffe://other.test/ns/payments/sa/httpbin");
  EXPECT_EQ(caller.trust_domain, "other.test");
}

}  // namespace
}  // namespace rootkeep
