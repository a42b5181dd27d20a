// rootkeepd with its token behind a process: what hangs or crashes there is ended and started again.
#include <set>

#include "tests/support/chaos.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/isolated.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::Chaos;
using testing::DaemonFixture;
using testing::Eventually;
using testing::HasCode;
using testing::IsOk;
using testing::MakeCsrPem;

class IsolatedToken : public ::testing::Test {
 protected:
  void SetUp() override {
    config::Config& config = fixture_.config();
    config.token_host = testing::TokenHostPath();
    config.tokens.front().isolation = config::Isolation::kProcess;
    config.limits.request_deadline = std::chrono::seconds(1);
    config::Module& module = config.modules.front();
    const auto chaos = chaos_.Environment(module.path);
    module.environment.insert(module.environment.end(), chaos.begin(), chaos.end());
    module.path = Chaos::ModulePath();
    ASSERT_THAT(fixture_.Start(), IsOk());
    fixture_.WaitUntilServing();
  }

  auto Ask() { return fixture_.Client(fixture_.Token())->CreateCertificate(MakeCsrPem(), 0, ""); }
  // Of the processes that met this fault.
  std::set<std::string> PidsOf(const std::string& fault) {
    std::set<std::string> pids;
    for (const Chaos::Event& event : chaos_.Faults(fault)) pids.insert(event.at("pid"));
    return pids;
  }

  Chaos chaos_;
  DaemonFixture fixture_;
};

TEST_F(IsolatedToken, AHungCallIsEndedAndTheNextIsServed) {
  chaos_.Set("hang C_Sign");
  EXPECT_THAT(Ask(), HasCode(Code::kUnavailable));
  // The first process hangs until it is ended, and so does its successor.
  ASSERT_TRUE(Eventually([&] { return !Ask().ok() && PidsOf("hang").size() >= 2; }));
  chaos_.Clear();
  fixture_.WaitUntilServing();
}

TEST_F(IsolatedToken, ACrashIsNotTheDaemonsAndIsRecoveredFrom) {
  chaos_.Set("crash C_Sign");
  EXPECT_THAT(Ask(), HasCode(Code::kUnavailable));
  EXPECT_FALSE(PidsOf("crash").empty());
  EXPECT_FALSE(PidsOf("crash").contains(std::to_string(getpid())));
  chaos_.Clear();
  fixture_.WaitUntilServing();
}

TEST_F(IsolatedToken, ThatIsTakenAwayIsServedWhenItReturns) {
  fixture_.hsm().TakeAway();
  ASSERT_TRUE(Eventually([&] { return !Ask().ok(); }));
  fixture_.hsm().GiveBack();
  fixture_.WaitUntilServing();
}

}  // namespace
}  // namespace rootkeep
