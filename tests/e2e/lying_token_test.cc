// rootkeepd on a token whose answers are wrong: nothing that it lied about leaves the daemon.
#include "tests/support/chaos.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"
#include "tests/support/program.h"

namespace rootkeep {
namespace {

using testing::Chaos;
using testing::DaemonFixture;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::MakeCsrPem;

class LyingToken : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    config::Module& module = fixture_.config().modules.front();
    const auto chaos = chaos_.Environment(module.path);
    module.environment.insert(module.environment.end(), chaos.begin(), chaos.end());
    module.path = Chaos::ModulePath();
    ASSERT_THAT(fixture_.Start(), IsOk());
    fixture_.WaitUntilServing();
  }

  auto Ask() { return fixture_.Client(fixture_.Token())->CreateCertificate(MakeCsrPem(), 0, ""); }
  std::string Metrics() {
    return testing::RunProgram({"curl", "-sS", "--noproxy", "*",
                                "http://" + fixture_.daemon().endpoints().operations.front() + "/metrics"})
        .out;
  }

  Chaos chaos_;
  DaemonFixture fixture_;
};

TEST_P(LyingToken, IsNeverBelievedAndServesAgainWhenItTellsTheTruth) {
  chaos_.Set(GetParam());
  EXPECT_THAT(Ask(), HasCode(Code::kUnavailable));
  EXPECT_THAT(Metrics(), HasSubstr(R"(citadel_server_csr_sign_err_count{error="CERT_GEN_ERROR"} 1)"));
  for (int i = 0; i < 10; ++i) EXPECT_THAT(Ask(), HasCode(Code::kUnavailable));
  EXPECT_THAT(Metrics(), HasSubstr("\ncitadel_server_success_cert_issuance_count 1\n"));
  chaos_.Clear();
  fixture_.WaitUntilServing();
  EXPECT_THAT(Ask(), IsOk());
}

INSTANTIATE_TEST_SUITE_P(Lies, LyingToken,
                         ::testing::Values("signature C_Sign flip", "signature C_Sign short", "signature C_Sign swap",
                                           "signature C_Sign zero-r", "signature C_Sign max", "other-key C_SignInit"),
                         [](const auto& lie) {
                           std::string name;
                           for (const char* c = lie.param; *c != 0; ++c) name += std::isalnum(*c) != 0 ? *c : '_';
                           return name;
                         });

}  // namespace
}  // namespace rootkeep
