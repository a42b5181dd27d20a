#include <fmt/format.h>

#include "tests/unit/tools/config/config_testing.h"
#include "tools/config/make_policy.h"

namespace rootkeep::config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Minimal;
using testing::Parsed;
using testing::ProblemsOf;

constexpr std::string_view kPayments = "{trust_domain: cluster.local, namespace: payments, service_account: \"*\"}";

std::string Issuer(std::string_view name, std::string_view cluster, std::string_view ns) {
  return fmt::format(
      "  - {{name: {0}, issuer: \"https://{0}\", audiences: [a], cluster: {1}, namespaces: [\"{2}\"], "
      "jwks: {{file: /k}}}}\n",
      name, cluster, ns);
}

std::string With(std::string_view rest, std::string_view identities = kPayments) {
  return Minimal(
      fmt::format("attestation: {{groups: [{{name: workers, pcrs: [7], learn: "
                  "true}}]}}\ntoken_issuers:\n{}requirements:\n  - name: r\n    identities: [{}]\n    {}\n",
                  Issuer("kubernetes", "Kubernetes", "payments"), identities, rest));
}

TEST(RequirementConfigTest, ReachesThePolicy) {
  const Config config = Parsed(With("level: token-on-attested-node\n    require_same_node: true"));
  const Requirement& requirement = config.requirements.at(0);
  EXPECT_EQ(requirement.name, "r");
  EXPECT_EQ(requirement.identities.at(0).ToText(), "spiffe://cluster.local/ns/payments/sa/*");
  EXPECT_EQ(requirement.level, ProofLevel::kTokenOnAttestedNode);
  EXPECT_TRUE(requirement.same_node);
  EXPECT_EQ(MakePolicy(config, {}).requirements, config.requirements);
}

TEST(RequirementConfigTest, AnAttestedKeyIsALevelToo) {
  for (const char* rest : {"level: attested-key", "level: attested-key\n    require_same_node: true"}) {
    EXPECT_EQ(Parsed(With(rest)).requirements.at(0).level, ProofLevel::kAttestedKey);
  }
}

TEST(RequirementConfigTest, ATokenIsTheDefault) {
  for (const char* rest : {"", "level: token"}) {
    const Config config = Parsed(With(rest));
    EXPECT_EQ(config.requirements.at(0).level, ProofLevel::kToken);
    EXPECT_FALSE(config.requirements.at(0).same_node);
  }
  EXPECT_THAT(Parsed(Minimal()).requirements, IsEmpty());
}

TEST(RequirementConfigTest, ALevelThatNobodyEnforcesIsRefused) {
  for (const std::string level : {"attested", "none", "TOKEN", "\"\""}) {
    EXPECT_THAT(ProblemsOf(With("level: " + level)), HasSubstr("requirements[0].level")) << level;
  }
}

TEST(RequirementConfigTest, NamesWhomItIsFor) {
  EXPECT_THAT(ProblemsOf(With("", "")), HasSubstr("requirements[0].identities: is required"));
  EXPECT_THAT(ProblemsOf(With("", "{spiffe_id: \"spiffe://cluster.lokal/ns/a/sa/b\"}")),
              HasSubstr("matches none of trust_domains"));
  EXPECT_THAT(ProblemsOf(With("  # twice\n  - name: r\n    identities: [" + std::string(kPayments) + "]")),
              HasSubstr("requirements[1].name"));
}

TEST(RequirementConfigTest, AttestedNodesNeedAttestation) {
  std::string text = With("level: token-on-attested-node");
  EXPECT_THAT(ProblemsOf(text), IsEmpty());
  const auto begin = text.find("attestation:");
  EXPECT_THAT(ProblemsOf(text.erase(begin, text.find("token_issuers:") - begin)),
              HasSubstr("requirements[0].level: needs the section attestation"));
}

TEST(RequirementConfigTest, SameNodeNeedsAnAttestedOne) {
  EXPECT_THAT(ProblemsOf(With("require_same_node: true")),
              HasSubstr("requirements[0].require_same_node: goes with level: token-on-attested-node"));
}

// A node's id is compared with the name in the token, and a name means something in its cluster only.
TEST(RequirementConfigTest, SameNodeIsForOneCluster) {
  const auto with_second = [](std::string_view cluster, std::string_view ns) {
    std::string text = With("level: token-on-attested-node\n    require_same_node: true");
    return text.insert(text.find("requirements:"), Issuer("second", cluster, ns));
  };
  EXPECT_THAT(ProblemsOf(with_second("edge", "other")), IsEmpty()) << "it speaks for others";
  std::string shared = with_second("edge", "payments");
  for (std::size_t at = 0; (at = shared.find("jwks", at)) != std::string::npos; at += 30) {
    shared.insert(at, "shared_namespaces: true, ");
  }
  EXPECT_THAT(ProblemsOf(shared), HasSubstr("token issuers kubernetes and second speak for these identities in two"));
  EXPECT_THAT(ProblemsOf(shared.replace(shared.find("edge"), 4, "Kubernetes")), IsEmpty());
}

}  // namespace
}  // namespace rootkeep::config
