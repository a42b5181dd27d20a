// istio-protocol.md §8, cases 19 to 27, and: a token of one issuer never obtains what is reserved to another.
#include "tests/e2e/shared_daemon.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::AuthenticationRefused;
using testing::Identity;
using testing::ImpersonationRefused;
using testing::IstioAnswer;
using testing::IstioCall;
using testing::JwksOf;
using testing::JwtMinter;
using testing::TokenSpec;
using testing::WasIssuedTo;

constexpr char kZtunnel[] = "spiffe://cluster.local/ns/istio-system/sa/ztunnel";
constexpr char kTarget[] = "spiffe://cluster.local/ns/default/sa/web";
constexpr char kElsewhere[] = "spiffe://cluster.local/ns/default/sa/elsewhere";
constexpr char kBoth[] = "spiffe://cluster.local/ns/default/sa/both";

IdentityPattern Pattern(const std::string& trust_domain, const std::string& ns, const std::string& account) {
  return {*TextPattern::Parse(trust_domain), *TextPattern::Parse(ns), *TextPattern::Parse(account)};
}

class ConformanceImpersonation : public testing::SharedDaemon {
 protected:
  // ztunnel may ask for every workload on its node.
  void AllowZtunnel() {
    const std::string file =
        WriteFile("nodes", "Kubernetes node-1 " + std::string(kTarget) + "\nKubernetes node-1 " + kBoth +
                               "\nKubernetes node-2 " + kBoth + "\nKubernetes node-2 " + kElsewhere +
                               "\nKubernetes node-1 spiffe://example.com/ns/default/sa/web\n");
    Reload([&](config::Config& config) {
      config.placements = {{.name = "nodes", .file = file}};
      config.impersonation = {{.name = "ztunnel",
                               .callers = {Pattern("cluster.local", "istio-system", "ztunnel")},
                               .targets = {Pattern("*", "*", "*")},
                               .placement = "nodes"}};
    });
  }

  static std::string ZtunnelToken(const std::string& node = "node-1") {
    return fixture().Token(
        {.ns = "istio-system", .service_account = "ztunnel", .pod = "ztunnel-x", .pod_uid = "uid-1", .node = node});
  }
  static IstioAnswer ZtunnelAsksFor(const std::string& identity, const std::string& node = "node-1") {
    return AskAs(IstioCall().Bearer(ZtunnelToken(node)).Impersonate(identity));
  }
};

TEST_F(ConformanceImpersonation, Case19_RefusedWhenItIsOff) {
  EXPECT_THAT(ZtunnelAsksFor(kTarget), ImpersonationRefused());
  EXPECT_THAT(Ask(IstioCall().Impersonate(kSelf)), ImpersonationRefused()) << "oneself by that way neither";
}

TEST_F(ConformanceImpersonation, Case20_ACallerThatNoRuleNames) {
  AllowZtunnel();
  const std::string token = fixture().Token({.ns = "istio-system", .service_account = "ztunnel2", .node = "node-1"});
  EXPECT_THAT(AskAs(IstioCall().Bearer(token).Impersonate(kTarget)), ImpersonationRefused());
  const Identity by_certificate = Workload(std::string("URI:") + kZtunnel);
  EXPECT_THAT(AskAs(IstioCall{.certificate = &by_certificate}.Impersonate(kTarget)), ImpersonationRefused())
      << "a certificate names no node (§1.9)";
}

TEST_F(ConformanceImpersonation, Case21_ATargetOnTheCallersNode) {
  AllowZtunnel();
  EXPECT_THAT(ZtunnelAsksFor(kTarget), WasIssuedTo(kTarget));
  EXPECT_THAT(AskAs(IstioCall().Bearer(ZtunnelToken())), WasIssuedTo(kZtunnel));
}

TEST_F(ConformanceImpersonation, Case22_ATargetOnAnotherNodeOnly) {
  AllowZtunnel();
  EXPECT_THAT(ZtunnelAsksFor(kElsewhere), ImpersonationRefused());
  EXPECT_THAT(ZtunnelAsksFor(kElsewhere, "node-2"), WasIssuedTo(kElsewhere));
  EXPECT_THAT(ZtunnelAsksFor(kBoth), WasIssuedTo(kBoth));
  EXPECT_THAT(ZtunnelAsksFor(kTarget, "node-3"), ImpersonationRefused());
  EXPECT_THAT(ZtunnelAsksFor(kTarget, ""), ImpersonationRefused()) << "a token that names no node";
}

TEST_F(ConformanceImpersonation, Case23_ATargetThatIsNoSpiffeId) {
  AllowZtunnel();
  for (const std::string identity : {"web", "https://cluster.local/ns/default/sa/web", "spiffe://cluster.local/web",
                                     "spiffe://cluster.local/ns//sa/", "spiffe://cluster.local/ns/default/sa/web/more",
                                     " spiffe://cluster.local/ns/default/sa/web"}) {
    EXPECT_THAT(ZtunnelAsksFor(identity), ImpersonationRefused()) << identity;
  }
}

TEST_F(ConformanceImpersonation, Case26_AnEmptyOrNonStringValueCountsAsAbsent) {
  AllowZtunnel();
  EXPECT_THAT(ZtunnelAsksFor(""), WasIssuedTo(kZtunnel));
  for (int kind = 0; kind < 4; ++kind) {
    IstioCall call = IstioCall().Bearer(ZtunnelToken());
    auto& value = (*call.metadata.mutable_fields())["ImpersonatedIdentity"];
    if (kind == 0) value.set_number_value(7);
    if (kind == 1) value.set_bool_value(true);
    if (kind == 2) value.mutable_list_value()->add_values()->set_string_value(kTarget);
    if (kind == 3) value.set_null_value(google::protobuf::NULL_VALUE);
    EXPECT_THAT(AskAs(call), WasIssuedTo(kZtunnel)) << kind;
  }
}

TEST_F(ConformanceImpersonation, Case27_ATargetOfAnotherTrustDomain) {
  AllowZtunnel();
  EXPECT_THAT(ZtunnelAsksFor("spiffe://example.com/ns/default/sa/web"), ImpersonationRefused());
}

// Two issuers: "kubernetes" speaks for default and istio-system, "edge" for the namespace edge.
class TwoIssuers : public ConformanceImpersonation {
 protected:
  static constexpr const char* kEdgeIssuer = "https://edge.test";

  void SetUp() override {
    const std::string jwks = WriteFile("edge-jwks.json", JwksOf({edge_.Jwk()}));
    const std::string nodes =
        WriteFile("edge-nodes", "edge node-1 " + std::string(kTarget) +
                                    "\nedge node-1 spiffe://cluster.local/ns/edge/sa/web\nKubernetes node-1 " +
                                    std::string(kTarget) + "\n");
    Reload([&](config::Config& config) {
      config::TokenIssuer edge = config.token_issuers.front();
      edge.name = "edge";
      edge.issuer = kEdgeIssuer;
      edge.cluster = "edge";
      edge.namespaces = {"edge"};
      edge.jwks.file = jwks;
      config.token_issuers.front().namespaces = {"default", "istio-system"};
      config.token_issuers.push_back(edge);
      config.placements = {{.name = "nodes", .file = nodes}};
      config.impersonation = {{.name = "anybody",
                               .callers = {Pattern("*", "*", "*")},
                               .targets = {Pattern("*", "*", "*")},
                               .placement = "nodes"}};
    });
  }

  // A token with the edge issuer's signature.
  std::string EdgeToken(const std::string& ns, const std::string& issuer = kEdgeIssuer) const {
    return edge_.Mint(TokenSpec{.issuer = issuer,
                                .ns = ns,
                                .service_account = "web",
                                .issued_at = ToUnixSeconds(SystemClock().Now()),
                                .node = "node-1"});
  }

  // The same key id as the other issuer's key.
  const JwtMinter edge_{"RS256", "test-key"};
};

TEST_F(TwoIssuers, EachObtainsItsOwnIdentities) {
  EXPECT_THAT(AskWith(EdgeToken("edge")), WasIssuedTo("spiffe://cluster.local/ns/edge/sa/web"));
  EXPECT_THAT(Ask(), WasIssuedTo(kSelf));
}

TEST_F(TwoIssuers, ATokenThatNamesTheOthersNamespaceIsRefused) {
  EXPECT_THAT(AskWith(EdgeToken("default")), AuthenticationRefused());
  EXPECT_THAT(AskWith(fixture().Token({.ns = "edge"})), AuthenticationRefused());
}

TEST_F(TwoIssuers, ATokenThatClaimsTheOtherIssuerIsRefused) {
  EXPECT_THAT(AskWith(EdgeToken("default", testing::DaemonFixture::kIssuer)), AuthenticationRefused());
  EXPECT_THAT(AskWith(fixture().minter().Mint(
                  TokenSpec{.issuer = kEdgeIssuer, .ns = "edge", .issued_at = ToUnixSeconds(SystemClock().Now())})),
              AuthenticationRefused());
}

TEST_F(TwoIssuers, TheOthersClusterIdDoesNotHelp) {
  EXPECT_THAT(AskAs(IstioCall{.headers = {{"clusterid", "Kubernetes"}}}.Bearer(EdgeToken("edge"))),
              AuthenticationRefused());
}

TEST_F(TwoIssuers, ImpersonationDoesNotReachOverEither) {
  EXPECT_THAT(AskAs(IstioCall().Bearer(EdgeToken("edge")).Impersonate(kTarget)), ImpersonationRefused())
      << "the rule and the placement allow it, the issuer's namespaces do not";
  EXPECT_THAT(ZtunnelAsksFor(kTarget), WasIssuedTo(kTarget));
}

}  // namespace
}  // namespace rootkeep
