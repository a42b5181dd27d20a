// Every rule refuses what breaks it, and nothing the builder makes of a good decision.
#include "signer/lint/lint.h"

#include <algorithm>

#include "signer/certificate/certificate.h"
#include "signer/certificate/name.h"
#include "signer/der/oid.h"
#include "signer/der/writer.h"
#include "tests/support/csr_builder.h"
#include "tests/support/decisions.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::CaDecision;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::LeafDecision;
using testing::TestIssuer;

const Bytes kSerial(17, 0x41);

Bytes Build(const Decision& decision, const TestIssuer& issuer = {}, const Bytes& serial = kSerial) {
  return BuildTbs(decision, issuer.View(), serial).value();
}

// Builds `made` and holds it against `wanted`.
Status Mismatch(const Decision& made, const Decision& wanted) {
  const TestIssuer issuer;
  return Lint(Build(made), wanted, issuer.View());
}

// Replaces the one place where `from` stands; the lengths around it are the caller's care.
Bytes Replaced(Bytes tbs, const Bytes& from, const Bytes& to) {
  EXPECT_EQ(from.size(), to.size());
  const auto found = std::ranges::search(tbs, from);
  EXPECT_FALSE(found.empty());
  std::ranges::copy(to, found.begin());
  return tbs;
}

Status LintLeaf(const Bytes& tbs) {
  const TestIssuer issuer;
  return Lint(tbs, LeafDecision(), issuer.View());
}

TEST(Lint, PassesWhatTheBuilderMakes) {
  for (const Decision& decision : {LeafDecision(), CaDecision()}) EXPECT_THAT(Mismatch(decision, decision), IsOk());
  Decision root = CaDecision();
  root.profile = RootCaProfile(RootCaLifetime());
  TestIssuer self;
  self.name = root.subject_name;
  self.key_id.clear();
  EXPECT_THAT(Lint(Build(root, self), root, self.View()), IsOk());
  Decision named = LeafDecision();
  named.common_name = named.sans[0].value;
  EXPECT_THAT(Mismatch(named, named), IsOk());
  Decision server = LeafDecision();
  server.profile = ServerProfile({});
  server.sans = {GeneralNameFromText("istiod.istio-system.svc"), GeneralNameFromText("::1")};
  EXPECT_THAT(Mismatch(server, server), IsOk());
}

TEST(Lint, EverySchemesAlgorithmAndNoOther) {
  constexpr int kSchemes = 9;
  for (int i = 0; i < kSchemes; ++i) {
    TestIssuer issuer;
    issuer.scheme = static_cast<SignatureScheme>(i);
    const Bytes tbs = Build(LeafDecision(), issuer);
    for (int j = 0; j < kSchemes; ++j) {
      TestIssuer other;
      other.scheme = static_cast<SignatureScheme>(j);
      const Status status = Lint(tbs, LeafDecision(), other.View());
      EXPECT_EQ(status.ok(), i == j);
      EXPECT_EQ(status.ok() ? "" : status.error().reason(), i == j ? "" : "lint_algorithm");
    }
  }
}

TEST(Lint, RefusesEveryTruncationAndTail) {
  const Bytes tbs = Build(LeafDecision());
  const TestIssuer issuer;
  for (std::size_t size = 0; size < tbs.size(); ++size) {
    EXPECT_THAT(Lint(ByteView(tbs).first(size), LeafDecision(), issuer.View()), HasReason("lint_der"));
  }
  Bytes longer = tbs;
  longer.push_back(0);
  EXPECT_THAT(LintLeaf(longer), HasReason("lint_der"));
  EXPECT_THAT(LintLeaf(longer), HasCode(Code::kInternal));
}

// Nothing in the certificate may change without somebody noticing.
TEST(Lint, RefusesEveryChangedBitButInTheSerial) {
  const Bytes tbs = Build(LeafDecision());
  const auto serial = std::ranges::search(tbs, kSerial);
  const auto begin = static_cast<std::size_t>(serial.begin() - tbs.begin());
  for (std::size_t at = 0; at < tbs.size(); ++at) {
    if (at >= begin && at < begin + kSerial.size()) continue;
    for (int bit = 0; bit < 8; ++bit) {
      Bytes changed = tbs;
      changed[at] ^= static_cast<std::uint8_t>(1 << bit);
      EXPECT_FALSE(LintLeaf(changed).ok()) << "octet " << at << " bit " << bit;
    }
  }
}

TEST(Lint, Version) {
  const Bytes v3{0xa0, 0x03, 0x02, 0x01, 0x02};
  EXPECT_THAT(LintLeaf(Replaced(Build(LeafDecision()), v3, {0xa0, 0x03, 0x02, 0x01, 0x01})), HasReason("lint_version"));
}

TEST(Lint, Serial) {
  const auto with = [](const Bytes& serial) { return LintLeaf(Build(LeafDecision(), {}, serial)); };
  EXPECT_THAT(with(Bytes(20, 0x7f)), IsOk());
  EXPECT_THAT(with(Bytes(16, 0x7f)), IsOk());
  EXPECT_THAT(with(Bytes(21, 0x7f)), HasReason("lint_serial"));
  EXPECT_THAT(with(Bytes(15, 0x7f)), HasReason("lint_serial"));
  EXPECT_THAT(with(Bytes(17, 0x80)), HasReason("lint_serial"));  // negative
  EXPECT_THAT(with(Bytes(17, 0x00)), HasReason("lint_serial"));  // padded
  EXPECT_THAT(with({}), HasReason("lint_serial"));
  EXPECT_THAT(with({0x00}), HasReason("lint_serial"));
}

TEST(Lint, Issuer) {
  TestIssuer other;
  other.name = LeafName("somebody else");
  EXPECT_THAT(LintLeaf(Build(LeafDecision(), other)), HasReason("lint_issuer"));
}

TEST(Lint, Validity) {
  const auto refuses = [](const auto& change) {
    Decision made = LeafDecision();
    change(made);
    EXPECT_THAT(Mismatch(made, LeafDecision()), HasReason("lint_validity"));
  };
  refuses([](Decision& d) { d.not_before -= seconds(1); });
  refuses([](Decision& d) { d.not_after += seconds(1); });
  Decision backwards = LeafDecision();
  backwards.not_after = backwards.not_before;
  EXPECT_THAT(Mismatch(backwards, backwards), HasReason("lint_validity"));
}

TEST(Lint, LifetimeWithinTheProfile) {
  Decision decision = LeafDecision();
  decision.not_after = FromUnixSeconds(testing::kTestNow) + decision.profile.lifetime.max_ttl;
  EXPECT_THAT(Mismatch(decision, decision), IsOk());
  decision.not_after += seconds(1);
  EXPECT_THAT(Mismatch(decision, decision), HasReason("lint_validity"));
}

TEST(Lint, LifetimeWithinTheIssuers) {
  TestIssuer issuer;
  const Decision decision = LeafDecision();
  issuer.not_after = decision.not_after;
  EXPECT_THAT(Lint(Build(decision), decision, issuer.View()), IsOk());
  issuer.not_after -= seconds(1);
  EXPECT_THAT(Lint(Build(decision), decision, issuer.View()), HasReason("lint_validity"));
}

TEST(Lint, TimesInTheFormOfTheirYear) {
  const Bytes utc = ToBytes(AsBytes("261124095800Z"));
  EXPECT_THAT(LintLeaf(Replaced(Build(LeafDecision()), utc, ToBytes(AsBytes("261124095860Z")))),
              HasReason("lint_validity"));
}

TEST(Lint, Subject) {
  Decision named = LeafDecision();
  named.common_name = "somebody";
  EXPECT_THAT(Mismatch(named, LeafDecision()), HasReason("lint_subject"));
  EXPECT_THAT(Mismatch(LeafDecision(), named), HasReason("lint_subject"));
  Decision other = named;
  other.common_name = "nobody";
  EXPECT_THAT(Mismatch(named, other), HasReason("lint_subject"));
  named.common_name = std::string(65, 'x');
  EXPECT_THAT(Mismatch(named, named), HasReason("lint_subject"));
  Decision whole = LeafDecision();
  whole.subject_name = LeafName("somebody");
  EXPECT_THAT(Mismatch(whole, whole), HasReason("lint_subject"));
}

TEST(Lint, SubjectOfAnAuthority) {
  Decision other = CaDecision();
  other.subject_name = LeafName("somebody else");
  EXPECT_THAT(Mismatch(CaDecision(), other), HasReason("lint_subject"));
  other.subject_name = LeafName("");
  EXPECT_THAT(Mismatch(other, other), HasReason("lint_subject"));
}

TEST(Lint, Key) {
  Decision other = LeafDecision();
  other.spki = testing::MakeSpki("P-256");
  EXPECT_THAT(Mismatch(other, LeafDecision()), HasReason("lint_key"));
}

}  // namespace
}  // namespace rootkeep
