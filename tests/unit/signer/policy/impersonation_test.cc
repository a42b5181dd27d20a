#include "signer/policy/impersonation.h"

#include <functional>
#include <set>

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::Says;

constexpr std::string_view kTrustDomain = "cluster.local";
constexpr std::string_view kTarget = "spiffe://cluster.local/ns/default/sa/httpbin";

// Node names that run the target; or an error for everybody.
class FixedPlacement final : public Placement {
 public:
  explicit FixedPlacement(std::set<std::string> nodes) : nodes_(std::move(nodes)) {}

  [[nodiscard]] Result<bool> RunsOn(const SpiffeId& workload, const NodeRef& where) const override {
    if (nodes_.empty()) return Unavailable("never read");
    return workload.ToUri() == kTarget && where.cluster == "Kubernetes" && nodes_.contains(std::string(where.node));
  }

 private:
  std::set<std::string> nodes_;
};

IdentityPattern Pattern(std::string_view trust_domain, std::string_view ns, std::string_view service_account) {
  return {*TextPattern::Parse(trust_domain), *TextPattern::Parse(ns), *TextPattern::Parse(service_account)};
}

ImpersonationRule ZtunnelRule(std::set<std::string> nodes) {
  return {.name = "ztunnel",
          .callers = {Pattern("cluster.local", "istio-system", "ztunnel")},
          .targets = {Pattern("*", "*", "*")},
          .placement = std::make_shared<FixedPlacement>(std::move(nodes))};
}

Caller Ztunnel() {
  return {.identities = {{GeneralName::Kind::kUri, "spiffe://cluster.local/ns/istio-system/sa/ztunnel"}},
          .method = AuthMethod::kToken,
          .authenticator = "kubernetes",
          .trust_domain = "cluster.local",
          .cluster = "Kubernetes",
          .node = "worker-1"};
}

Result<Impersonation> Decide(const Caller& caller, std::string_view target, const ImpersonationPolicy& policy) {
  return DecideImpersonation(caller, target, kTrustDomain, policy);
}

void ExpectRefused(const Result<Impersonation>& outcome, std::string_view reason) {
  EXPECT_THAT(outcome, HasCode(Code::kUnauthenticated));
  EXPECT_THAT(outcome, HasReason(reason));
}

TEST(PolicyConformance, Case19_OffUnlessConfigured) {
  ExpectRefused(Decide(Ztunnel(), kTarget, {}), "impersonation_off");
}

TEST(PolicyConformance, Case20_CallerNamedByNoRule) {
  const ImpersonationPolicy policy{{ZtunnelRule({"worker-1"})}, {}};
  for (const std::string_view other :
       {"spiffe://cluster.local/ns/default/sa/ztunnel", "spiffe://cluster.local/ns/istio-system/sa/ztunnel2",
        "spiffe://cluster.local/ns/istio-system/sa/ztunne", "spiffe://cluster.local/ns/default/sa/httpbin"}) {
    Caller caller = Ztunnel();
    caller.identities = {{GeneralName::Kind::kUri, std::string(other)}};
    ExpectRefused(Decide(caller, kTarget, policy), "impersonation_caller");
  }
}

TEST(PolicyConformance, Case21_TargetOnTheCallersNode) {
  ASSERT_OK_AND_ASSIGN(const Impersonation allowed, Decide(Ztunnel(), kTarget, {{ZtunnelRule({"worker-1"})}, {}}));
  EXPECT_EQ(allowed.target.ToUri(), kTarget);
  EXPECT_EQ(allowed.rule, "ztunnel");
}

TEST(PolicyConformance, Case22_TargetOnAnotherNodeOnly) {
  ExpectRefused(Decide(Ztunnel(), kTarget, {{ZtunnelRule({"worker-2"})}, {}}), "impersonation_placement");
  EXPECT_TRUE(Decide(Ztunnel(), kTarget, {{ZtunnelRule({"worker-1", "worker-2"})}, {}}).ok());
}

TEST(PolicyConformance, Case23_TargetIsNoSpiffeId) {
  const ImpersonationPolicy policy{{ZtunnelRule({"worker-1"})}, {}};
  for (const std::string_view target :
       {"httpbin", "spiffe://cluster.local/ns/default", "https://cluster.local/ns/a/sa/b",
        "spiffe://cluster.local/ns/default/sa/httpbin/", " ", "*", "spiffe://cluster.local/ns/*/sa/httpbin"}) {
    ExpectRefused(Decide(Ztunnel(), target, policy), "impersonation_target");
  }
}

TEST(PolicyConformance, Case25_NodeNamesDoNotReachAcrossClusters) {
  Caller caller = Ztunnel();
  caller.cluster = "remote";
  ExpectRefused(Decide(caller, kTarget, {{ZtunnelRule({"worker-1"})}, {}}), "impersonation_placement");
}

TEST(PolicyConformance, Case27_TrustDomainMustBeTheAuthoritys) {
  ImpersonationRule rule = ZtunnelRule({"worker-1"});
  rule.callers = {Pattern("*", "*", "*")};
  const ImpersonationPolicy policy{{rule}, {}};
  ExpectRefused(Decide(Ztunnel(), "spiffe://other.local/ns/default/sa/httpbin", policy), "impersonation_trust_domain");
  Caller foreign = Ztunnel();
  foreign.identities = {{GeneralName::Kind::kUri, "spiffe://other.local/ns/istio-system/sa/ztunnel"}};
  ExpectRefused(Decide(foreign, kTarget, policy), "impersonation_trust_domain");
}

TEST(ImpersonationTest, TargetMustBeNamedByARuleOfThisCaller) {
  ImpersonationRule rule = ZtunnelRule({"worker-1"});
  rule.targets = {Pattern("cluster.local", "team-*", "*")};
  ImpersonationRule others = ZtunnelRule({"worker-1"});
  others.callers = {Pattern("cluster.local", "istio-system", "gateway")};
  ExpectRefused(Decide(Ztunnel(), kTarget, {{rule, others}, {}}), "impersonation_target");
}

TEST(ImpersonationTest, FirstRuleThatAllowsWins) {
  ImpersonationRule elsewhere = ZtunnelRule({"worker-2"});
  elsewhere.name = "elsewhere";
  ASSERT_OK_AND_ASSIGN(const Impersonation allowed,
                       Decide(Ztunnel(), kTarget, {{elsewhere, ZtunnelRule({"worker-1"})}, {}}));
  EXPECT_EQ(allowed.rule, "ztunnel");
}

TEST(ImpersonationTest, CallerWithoutNodeOrClusterIsRefused) {
  const ImpersonationPolicy policy{{ZtunnelRule({"worker-1", ""})}, {}};
  for (const auto& drop : std::vector<std::function<void(Caller&)>>{[](Caller& caller) { caller.node.clear(); },
                                                                    [](Caller& caller) { caller.cluster.clear(); }}) {
    Caller caller = Ztunnel();
    drop(caller);
    ExpectRefused(Decide(caller, kTarget, policy), "impersonation_node");
  }
}

TEST(ImpersonationTest, PlacementThatKnowsNothingRefuses) {
  const auto outcome = Decide(Ztunnel(), kTarget, {{ZtunnelRule({})}, {}});
  ExpectRefused(outcome, "impersonation_placement");
  EXPECT_THAT(outcome, Says("never read"));
}

TEST(ImpersonationTest, RuleWithoutPlacementNeedsNoNode) {
  ImpersonationRule rule = ZtunnelRule({});
  rule.placement = nullptr;
  Caller caller = Ztunnel();
  caller.node.clear();
  EXPECT_TRUE(Decide(caller, kTarget, {{rule}, {}}).ok());
}

TEST(ImpersonationTest, ClientCertificateNeverImpersonates) {
  ImpersonationRule rule = ZtunnelRule({"worker-1"});
  rule.placement = nullptr;
  Caller caller = Ztunnel();
  caller.method = AuthMethod::kClientCertificate;
  ExpectRefused(Decide(caller, kTarget, {{rule}, {}}), "impersonation_caller");
}

TEST(ImpersonationTest, CallerNeedsExactlyOneSpiffeIdentity) {
  ImpersonationRule rule = ZtunnelRule({"worker-1"});
  rule.callers = {Pattern("*", "*", "*")};
  Caller several = Ztunnel();
  several.identities.push_back({GeneralName::Kind::kDns, "ztunnel.example"});
  ExpectRefused(Decide(several, kTarget, {{rule}, {}}), "impersonation_caller");
  Caller dns = Ztunnel();
  dns.identities = {{GeneralName::Kind::kDns, "ztunnel.example"}};
  ExpectRefused(Decide(dns, kTarget, {{rule}, {}}), "impersonation_caller");
}

TEST(ImpersonationTest, NeverBeyondWhatTheTokenIssuerSpeaksFor) {
  ImpersonationPolicy policy{{ZtunnelRule({"worker-1"})}, {}};
  policy.issuer_namespaces["kubernetes"] = {*TextPattern::Parse("istio-system"), *TextPattern::Parse("team-b-*")};
  ExpectRefused(Decide(Ztunnel(), kTarget, policy), "impersonation_issuer");
  policy.issuer_namespaces["kubernetes"].push_back(*TextPattern::Parse("default"));
  EXPECT_TRUE(Decide(Ztunnel(), kTarget, policy).ok());
}

}  // namespace
}  // namespace rootkeep
