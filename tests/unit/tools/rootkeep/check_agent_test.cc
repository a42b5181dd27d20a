// What doctor says of an agent's certificates in the course of their life.
#include "tools/rootkeep/doctor/check_agent.h"

#include <unistd.h>

#include "keystore/base/file.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certificate.h"

namespace rootkeep::cli {
namespace {

using testing::IsOk;

constexpr std::int64_t kBegin = 1'800'000'000;

class CheckAgent : public ::testing::Test {
 protected:
  CheckAgent() {
    config_.certificates.push_back({.name = "web",
                                    .chain_file = directory_ / "chain.pem",
                                    .bundle_file = directory_ / "bundle.pem",
                                    .key_file = directory_ / "key.pem"});
    const auto leaf =
        testing::MakeIdentity({.san = "DNS:web.test", .not_before = kBegin, .not_after = kBegin + 100'000}, &root_);
    Write("chain.pem", leaf.CertificatePem());
    Write("bundle.pem", root_.CertificatePem());
    Write("key.pem", "a reference\n");
  }

  void Write(const std::string& name, const std::string& text) const {
    EXPECT_THAT(WriteFileAtomically(directory_ / name, text, 0600), IsOk());
  }
  void Remove(const std::string& name) const { EXPECT_EQ(unlink((directory_ / name).c_str()), 0); }

  // After so much of its life.
  [[nodiscard]] Finding At(std::int64_t seconds) const {
    std::vector<Finding> findings;
    Checkup checkup([&findings](const Finding& finding) { findings.push_back(finding); });
    CheckAgentCertificates(checkup, config_, FromUnixSeconds(kBegin + seconds));
    EXPECT_EQ(findings.size(), 1U);
    return findings.empty() ? Finding{} : findings.front();
  }

  const testing::TempDir directory_;
  const testing::Identity root_ = testing::MakeCa();
  agent::AgentConfig config_;
};

TEST_F(CheckAgent, ACertificateIsWellWhileItsRenewalIsNotLate) {
  for (const std::int64_t seconds : {0, 49'000, 66'000}) {
    const Finding finding = At(seconds);
    EXPECT_EQ(finding.outcome, Outcome::kOk) << seconds << FindingText(finding);
    EXPECT_EQ(finding.subject, "certificate web");
  }
}

TEST_F(CheckAgent, NamesThatTheCaDidNotGiveAreAWarning) {
  config_.certificates[0].identities = {GeneralNameFromText("WEB.test"), GeneralNameFromText("192.0.2.1"),
                                        GeneralNameFromText("spiffe://cluster.local/ns/demo/sa/web")};
  std::vector<Finding> findings;
  Checkup checkup([&findings](const Finding& finding) { findings.push_back(finding); });
  CheckAgentCertificates(checkup, config_, FromUnixSeconds(kBegin));
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[1].outcome, Outcome::kWarning);
  EXPECT_EQ(findings[1].detail, "it does not name 192.0.2.1, spiffe://cluster.local/ns/demo/sa/web");
}

TEST_F(CheckAgent, OneThatIsNotRenewedIsAWarningAndThenAFailure) {
  const Finding late = At(80'000);
  EXPECT_EQ(late.outcome, Outcome::kWarning);
  EXPECT_THAT(late.detail, ::testing::HasSubstr("certificate_not_renewed"));
  const Finding ended = At(100'001);
  EXPECT_EQ(ended.outcome, Outcome::kFailed);
  EXPECT_THAT(ended.detail, ::testing::HasSubstr("expired"));
  EXPECT_THAT(ended.hint, ::testing::HasSubstr("certificate_not_renewed"));
}

TEST_F(CheckAgent, FilesThatAreMissingOrDoNotFitFail) {
  Write("bundle.pem", testing::MakeCa().CertificatePem());
  EXPECT_EQ(At(0).outcome, Outcome::kFailed);
  Write("bundle.pem", root_.CertificatePem());
  EXPECT_EQ(At(0).outcome, Outcome::kOk);
  Remove("key.pem");
  EXPECT_THAT(At(0).detail, ::testing::HasSubstr("key.pem"));
  Remove("chain.pem");
  EXPECT_THAT(At(0).detail, ::testing::HasSubstr("chain.pem"));
  EXPECT_EQ(At(0).outcome, Outcome::kFailed);
}

}  // namespace
}  // namespace rootkeep::cli
