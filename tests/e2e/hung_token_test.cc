// rootkeepd on a token whose calls do not return.
#include <future>

#include "tests/support/daemon_fixture.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"
#include "tests/support/probe_module.h"

namespace rootkeep {
namespace {

using testing::Call;
using testing::DaemonFixture;
using testing::HasCode;
using testing::IsOk;
using testing::LoadedProbe;
using testing::MakeCsrPem;

class HungToken : public ::testing::Test {
 protected:
  void SetUp() override {
    fixture_.config().limits.request_deadline = std::chrono::seconds(1);
    fixture_.config().limits.drain = std::chrono::seconds(1);
    ASSERT_THAT(fixture_.Start(), IsOk());
    fixture_.WaitUntilServing();
  }
  // The daemon's destructor waits for the call inside.
  void TearDown() override { LoadedProbe().Release(Call::kSign); }

  DaemonFixture fixture_{KeyType::kEcP256, testing::ProbeModulePath()};
};

TEST_F(HungToken, AnswersWithinTheDeadlineAndServesWhenTheCallReturns) {
  LoadedProbe().Stall(Call::kSign);
  EXPECT_THAT(fixture_.Client(fixture_.Token())->CreateCertificate(MakeCsrPem(), 0, ""), HasCode(Code::kUnavailable));
  LoadedProbe().AwaitStalled(Call::kSign);
  LoadedProbe().Release(Call::kSign);
  fixture_.WaitUntilServing();
}

// What is left then is main's to end (EndProcessAfter).
TEST_F(HungToken, DoesNotKeepTheDaemonFromStopping) {
  LoadedProbe().Stall(Call::kSign);
  EXPECT_FALSE(fixture_.Client(fixture_.Token())->CreateCertificate(MakeCsrPem(), 0, "").ok());
  LoadedProbe().AwaitStalled(Call::kSign);
  auto stopped = std::async(std::launch::async, [this] { fixture_.daemon().Stop(); });
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(15)), std::future_status::ready);
  LoadedProbe().Release(Call::kSign);
}

}  // namespace
}  // namespace rootkeep
