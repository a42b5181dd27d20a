#include "tests/unit/tools/config/config_testing.h"
#include "tools/config/make_policy.h"

namespace rootkeep::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Minimal;
using testing::Parsed;
using testing::ProblemsOf;

std::string WithRule(std::string_view callers, std::string_view targets, std::string_view rest) {
  return Minimal("placements: [{name: pods, file: /run/placement}]\nimpersonation:\n  - name: ztunnel\n    callers: [" +
                 std::string(callers) + "]\n    targets: [" + std::string(targets) + "]\n    " + std::string(rest) +
                 "\n");
}

constexpr std::string_view kZtunnel = "{spiffe_id: \"spiffe://cluster.local/ns/istio-system/sa/ztunnel\"}";
constexpr std::string_view kAll = "{trust_domain: cluster.local, namespace: \"*\", service_account: \"*\"}";

class NowhereAtAll final : public rootkeep::Placement {
 public:
  [[nodiscard]] Result<bool> RunsOn(const SpiffeId& /*workload*/, const NodeRef& /*where*/) const override {
    return false;
  }
};

TEST(ImpersonationConfigTest, RuleWithPlacement) {
  const Config config = Parsed(WithRule(kZtunnel, kAll, "placement: pods"));
  const ImpersonationRule& rule = config.impersonation.at(0);
  EXPECT_EQ(rule.callers.at(0).ToText(), "spiffe://cluster.local/ns/istio-system/sa/ztunnel");
  EXPECT_EQ(rule.targets.at(0).ToText(), "spiffe://cluster.local/ns/*/sa/*");
  EXPECT_EQ(rule.placement, "pods");
  EXPECT_EQ(config.placements, (std::vector{Placement{"pods", "/run/placement"}}));
  EXPECT_THAT(Warnings(config), IsEmpty());
}

TEST(ImpersonationConfigTest, WithoutPlacementItMustSayUnsafe) {
  EXPECT_THAT(ProblemsOf(WithRule(kZtunnel, kAll, "")),
              HasSubstr("impersonation[0].placement: is required, or unsafe_without_placement: true is"));
  EXPECT_THAT(ProblemsOf(WithRule(kZtunnel, kAll, "unsafe_without_placement: false")),
              HasSubstr("impersonation[0].placement: is required"));
  EXPECT_THAT(ProblemsOf(WithRule(kZtunnel, kAll, "placement: pods\n    unsafe_without_placement: true")),
              HasSubstr("not both"));
  const Config config = Parsed(WithRule(kZtunnel, kAll, "unsafe_without_placement: true"));
  EXPECT_THAT(Warnings(config), ElementsAre(HasSubstr("rule ztunnel does not ask where")));
}

TEST(ImpersonationConfigTest, BadRules) {
  EXPECT_THAT(ProblemsOf(WithRule(kZtunnel, kAll, "placement: pod")),
              HasSubstr("impersonation[0].placement: there is no placement \"pod\"; did you mean \"pods\"?"));
  EXPECT_THAT(ProblemsOf(WithRule("", kAll, "placement: pods")), HasSubstr("impersonation[0].callers: is required"));
  EXPECT_THAT(ProblemsOf(WithRule(kZtunnel, "", "placement: pods")),
              HasSubstr("impersonation[0].targets: is required"));
  EXPECT_THAT(ProblemsOf(WithRule("{}", kAll, "placement: pods")),
              ::testing::AllOf(HasSubstr("callers[0].trust_domain: is required"),
                               HasSubstr("callers[0].namespace: is required"),
                               HasSubstr("callers[0].service_account: is required")));
  EXPECT_THAT(ProblemsOf(WithRule("{spiffe_id: \"spiffe://cluster.local/ns/*/sa/x\"}", kAll, "placement: pods")),
              HasSubstr("callers[0].spiffe_id: not a SPIFFE ID"));
  EXPECT_THAT(
      ProblemsOf(WithRule("{spiffe_id: \"spiffe://cluster.local/ns/a/sa/x\", namespace: b}", kAll, "placement: pods")),
      HasSubstr("callers[0].spiffe_id: says everything"));
  EXPECT_THAT(ProblemsOf(WithRule("{spiffe_id: \"spiffe://cluster.locl/ns/a/sa/x\"}", kAll, "placement: pods")),
              HasSubstr("callers[0].trust_domain: \"cluster.locl\" matches none of trust_domains"));
  EXPECT_THAT(ProblemsOf(WithRule(kZtunnel, "{trust_domain: cluster.local, namespace: a*b, service_account: x}",
                                  "placement: pods")),
              HasSubstr("targets[0].namespace: \"a*b\" is not a pattern"));
  EXPECT_THAT(ProblemsOf(Minimal("placements: [{name: a}, {name: a, file: b}]\n")),
              ::testing::AllOf(HasSubstr("placements[0].file: is required"),
                               HasSubstr("placements[1].file: \"b\" is not an absolute path"),
                               HasSubstr("placements[1].name: \"a\" is there already")));
  EXPECT_THAT(ProblemsOf(Minimal("impersonation: [{name: self}]\n")), HasSubstr("impersonation[0].name: \"self\" is"));
}

TEST(MakePolicyTest, CarriesRulesAndReach) {
  const Config config =
      Parsed(WithRule(kZtunnel, kAll, "placement: pods") +
             "csr_san: strict\ntoken_issuers: [{name: k, issuer: i, audiences: [a], namespaces: [x, \"*\"], "
             "jwks: {file: /j}}]\n");
  const auto placement = std::make_shared<NowhereAtAll>();
  const Policy policy = MakePolicy(config, {{"pods", placement}});
  EXPECT_EQ(policy.csr_san, CsrSan::kStrict);
  ASSERT_EQ(policy.impersonation.rules.size(), 1U);
  EXPECT_EQ(policy.impersonation.rules[0].placement, placement);
  EXPECT_EQ(policy.impersonation.rules[0].callers, config.impersonation[0].callers);
  EXPECT_EQ(policy.impersonation.rules[0].targets, config.impersonation[0].targets);
  EXPECT_THAT(policy.impersonation.issuer_namespaces.at("k"),
              ElementsAre(*TextPattern::Parse("x"), *TextPattern::Parse("*")));
}

TEST(MakePolicyTest, RuleWhosePlacementIsMissingAllowsNothing) {
  const Config config = Parsed(WithRule(kZtunnel, kAll, "placement: pods"));
  EXPECT_THAT(MakePolicy(config, {}).impersonation.rules, IsEmpty());
  EXPECT_THAT(MakePolicy(config, {{"pods", nullptr}}).impersonation.rules, IsEmpty());
  const Config unsafe = Parsed(WithRule(kZtunnel, kAll, "unsafe_without_placement: true"));
  EXPECT_EQ(MakePolicy(unsafe, {}).impersonation.rules.size(), 1U);
}

}  // namespace
}  // namespace rootkeep::config
