// What lint holds against a CA that somebody else keeps, whose subject has come from outside.
#include "signer/certificate/certificate.h"
#include "signer/lint/lint.h"
#include "tests/support/csr_builder.h"
#include "tests/support/decisions.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::HasReason;
using testing::IsOk;
using testing::TestIssuer;

Decision ForeignCaDecision() {
  Decision decision = testing::CaDecision();
  decision.profile = ForeignCaProfile(ForeignCaLifetime(), 0);
  decision.not_after = decision.not_before + std::chrono::hours(24);
  decision.sans = {{GeneralName::Kind::kUri, "spiffe://cluster.local"}};
  return decision;
}

Status LintOf(const Decision& made, const Decision& wanted) {
  const TestIssuer issuer;
  return Lint(BuildTbs(made, issuer.View(), Bytes(17, 0x41)).value(), wanted, issuer.View());
}
Status LintOf(const Decision& decision) { return LintOf(decision, decision); }

TEST(LintForeignCa, PassesWhatTheBuilderMakes) { EXPECT_THAT(LintOf(ForeignCaDecision()), IsOk()); }

TEST(LintForeignCa, HasOneSpiffeIdAndNoOtherName) {
  Decision decision = ForeignCaDecision();
  decision.sans.clear();
  EXPECT_THAT(LintOf(decision), HasReason("lint_names"));
  for (const char* name : {"spiffe://cluster.local/ns/a/sa/b", "https://cluster.local"}) {
    decision.sans = {{GeneralName::Kind::kUri, name}};
    EXPECT_THAT(LintOf(decision), HasReason("lint_names")) << name;
  }
  decision.sans = {{GeneralName::Kind::kDns, "cluster.local"}};
  EXPECT_THAT(LintOf(decision), HasReason("lint_names"));
  decision = ForeignCaDecision();
  decision.sans.push_back({GeneralName::Kind::kDns, "ca.test"});
  EXPECT_THAT(LintOf(decision), HasReason("lint_names"));
}

TEST(LintForeignCa, HasAPathLength) {
  Decision decision = ForeignCaDecision();
  decision.profile.path_length.reset();
  EXPECT_THAT(LintOf(decision), HasReason("lint_basic_constraints"));
  Decision longer = ForeignCaDecision();
  longer.profile.path_length = 1;
  EXPECT_THAT(LintOf(longer, ForeignCaDecision()), HasReason("lint_basic_constraints"));
}

TEST(LintForeignCa, HasNoExtendedKeyUsage) {
  Decision decision = ForeignCaDecision();
  decision.profile.server_auth = true;
  EXPECT_THAT(LintOf(decision, ForeignCaDecision()), HasReason("lint_ext_key_usage"));
}

TEST(LintForeignCa, ItsSubjectIsANameWhateverWasDecided) {
  Decision decision = ForeignCaDecision();
  for (const Bytes& name :
       {Bytes{0x30, 0x02, 0x31, 0x00}, Bytes{0x30, 0x02, 0x05, 0x00},
        Bytes{0x30, 0x06, 0x31, 0x04, 0x30, 0x02, 0x05, 0x00}, testing::NameOf({{{0x55, 0x04, 0x03}, 0x0c, "\xff"}})}) {
    decision.subject_name = name;
    EXPECT_THAT(LintOf(decision), HasReason("lint_subject")) << ToHex(name);
  }
  decision.subject_name = {0x30, 0x00};
  EXPECT_THAT(LintOf(decision), HasReason("lint_subject"));
}

}  // namespace
}  // namespace rootkeep
