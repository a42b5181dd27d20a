// A token behind a process under 64 threads: what the module does to its process, and all that a token can do besides,
// is survived and leaves nothing behind.
#include "tests/support/fault_load.h"

#include "keystore/isolated/backend/isolated_store.h"
#include "keystore/isolated/backend/supervisor.h"
#include "tests/support/chaos.h"
#include "tests/support/eventually.h"
#include "tests/support/fault_list.h"
#include "tests/support/footprint.h"
#include "tests/support/isolated.h"
#include "tests/support/matchers.h"

namespace rootkeep::isolated {
namespace {

using std::chrono::seconds;
using testing::Footprint;

constexpr unsigned kThreads = 64;
constexpr seconds kDeadline{1};
#ifdef ROOTKEEP_SANITIZED
constexpr int kPatience = 10;
#else
constexpr int kPatience = 1;
#endif

Deadline Soon() { return After(seconds(30)); }

class IsolatedFaultLoad : public ::testing::Test {
 protected:
  void SetUp() override {
    HostOptions options = testing::HostOptionsFor(hsm_);
    const auto chaos = chaos_.Environment(options.setup.module_path);
    options.setup.environment.insert(options.setup.environment.end(), chaos.begin(), chaos.end());
    options.setup.module_path = testing::Chaos::ModulePath();
    options.setup.log_level = log::Level::kError;
    store_ = std::make_unique<IsolatedStore>(options);
    ASSERT_OK_AND_ASSIGN(key_, testing::KeyUnderLoad::Make(*store_, Soon()));
  }
  void TearDown() override { chaos_.Clear(); }

  Footprint Measure() {
    load_.Under([this] { load_.AwaitGood(10UL * kThreads); });
    return Footprint::Now();
  }

  testing::SoftHsm hsm_;
  testing::Chaos chaos_;
  std::unique_ptr<IsolatedStore> store_;
  std::optional<testing::KeyUnderLoad> key_;
  testing::FaultLoad load_{chaos_,
                           {.callers = kThreads,
                            .deadline = kDeadline,
                            // A call that is inside when the deadline passes is given the time that every call gets.
                            .margin = kPatience * (HostOptions().patience + HostOptions().grace),
                            // The longest pause between two processes, and one to start.
                            .recovery = kPatience * (Supervisor::kLongestPause + seconds(1)),
                            .faults = 50,
                            .answers = 500},
                           [this](unsigned /*caller*/, unsigned number) {
                             return key_->Call(number, After(kDeadline), [this] { load_.Good(); });
                           }};
};

TEST_F(IsolatedFaultLoad, CrashesAndFaultsAreSurvivedAndLeaveNothingBehind) {
  load_.SufferAll(testing::kCrashes);
  const Footprint before = Measure();
  load_.SufferAll(testing::kCrashes);
  load_.SufferAll(testing::kPassingFaults);
  EXPECT_GE(chaos_.Faults("crash").size(), 2 * testing::kCrashes.size());
  Footprint after = Measure();
  EXPECT_TRUE(testing::Eventually([&] {
    after = Footprint::Now();
    return after.threads <= before.threads && after.descriptors <= before.descriptors;
  })) << after.threads
      << " threads and " << after.descriptors << " descriptors, before there were " << before.threads << " and "
      << before.descriptors;
  std::printf("%zu faults, %zu signatures, %zu refusals, worst recovery %lld ms\n", load_.faults(), load_.good(),
              load_.refused(), static_cast<long long>(load_.slowest_recovery().count()));
}

}  // namespace
}  // namespace rootkeep::isolated
