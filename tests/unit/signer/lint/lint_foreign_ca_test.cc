// What lint holds against a CA that somebody else keeps, whose subject has come from outside.
#include <algorithm>
#include <array>

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

TEST(LintForeignCa, HasTheDecidedNameConstraintsAndNoOthers) {
  Decision decision = ForeignCaDecision();
  decision.profile.excluded = EveryHost();
  EXPECT_THAT(LintOf(decision), IsOk());
  EXPECT_THAT(LintOf(decision, ForeignCaDecision()), HasReason("lint_name_constraints"));
  EXPECT_THAT(LintOf(ForeignCaDecision(), decision), HasReason("lint_name_constraints"));
  Decision fewer = decision;
  fewer.profile.excluded.addresses.pop_back();
  EXPECT_THAT(LintOf(fewer, decision), HasReason("lint_name_constraints"));
  Decision other = decision;
  other.profile.excluded.dns = {"example.com"};
  EXPECT_THAT(LintOf(other, decision), HasReason("lint_name_constraints"));
}

TEST(LintForeignCa, ItsNameConstraintsAreCriticalAndExcludeOnly) {
  Decision decision = ForeignCaDecision();
  decision.profile.excluded.dns = {"example.com"};
  const TestIssuer issuer;
  const Bytes good = BuildTbs(decision, issuer.View(), Bytes(17, 0x41)).value();
  const auto lint_with = [&](std::size_t behind_oid, std::uint8_t octet) {
    constexpr std::array<std::uint8_t, 5> kOid{0x06, 0x03, 0x55, 0x1d, 0x1e};
    Bytes tbs = good;
    const auto found = std::ranges::search(tbs, kOid);
    EXPECT_FALSE(found.empty());
    *(found.end() + static_cast<std::ptrdiff_t>(behind_oid)) = octet;
    return Lint(tbs, decision, issuer.View());
  };
  // BOOLEAN, OCTET STRING, SEQUENCE, [1], SEQUENCE, [2]: two octets of tag and length each, and one of truth.
  EXPECT_THAT(lint_with(2, 0x00), HasReason("lint_extension"));
  EXPECT_THAT(lint_with(7, 0xa0), HasReason("lint_name_constraints")) << "permitted";
  EXPECT_THAT(lint_with(11, 0x86), HasReason("lint_name_constraints")) << "a URI";
  EXPECT_THAT(lint_with(2, 0xff), IsOk()) << "nothing changed";
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
