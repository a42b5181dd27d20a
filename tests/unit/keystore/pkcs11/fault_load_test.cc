// Ten thousand faults under 64 threads that sign, open, list and ask for health: what is signed is right, nobody waits
// past its deadline, and nothing is left behind.
#include "tests/support/fault_load.h"

#include <algorithm>
#include <atomic>

#include "keystore/pkcs11/reasons.h"
#include "tests/support/eventually.h"
#include "tests/support/fault_list.h"
#include "tests/support/footprint.h"
#include "tests/unit/keystore/pkcs11/chaos_fixture.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::Chaos;
using rootkeep::testing::Footprint;
using rootkeep::testing::IsOk;
using rootkeep::testing::KeyUnderLoad;
using rootkeep::testing::SoftHsm;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr unsigned kThreads = 64;
constexpr std::size_t kFaultsWanted = 10'000;
constexpr seconds kLongest{60};
constexpr seconds kDeadline{1};
constexpr std::size_t kMemoryKib = 8 * 1024;
constexpr std::size_t kLoginSession = 1;
#ifdef ROOTKEEP_SANITIZED  // which keeps freed memory for itself, and makes everything ten times as slow
constexpr bool kSanitized = true;
constexpr int kPatience = 10;
#else
constexpr bool kSanitized = false;
constexpr int kPatience = 1;
#endif

class FaultLoad : public ::testing::Test {
 protected:
  void SetUp() override {
    TheChaos().Clear();
    ASSERT_OK_AND_ASSIGN(key_, KeyUnderLoad::Make(*store_, Soon()));
  }
  void TearDown() override { TheChaos().Clear(); }

  // Besides what passes, what nobody but an operator ends, once that is to be expected.
  bool MayRefuse(const Error& error) {
    if (error.code() != Code::kFailedPrecondition || error.reason() != kReasonPinLatched) {
      return !latched_ && rootkeep::testing::FaultLoad::Passing(error);
    }
    ++pin_refusals_;
    return latching_;
  }

  // How many C_Login the chaos module has answered itself.
  static std::size_t LoginFaults() {
    return static_cast<std::size_t>(
        std::ranges::count_if(TheChaos().Log(), [](Chaos::Event& event) { return event["function"] == "C_Login"; }));
  }

  Footprint Measure() {
    load_.Under([this] { load_.AwaitGood(50UL * kThreads); });
    return Footprint::Now();
  }

  SoftHsm hsm_{ChaosPath()};
  std::shared_ptr<KeyStore> store_ = hsm_.OpenStore();
  std::optional<KeyUnderLoad> key_;
  std::atomic<bool> latching_{false};  // a PIN is being refused
  std::atomic<bool> latched_{false};   // and everybody has heard of it
  std::atomic<std::size_t> pin_refusals_{0};
  rootkeep::testing::FaultLoad load_{TheChaos(),
                                     {.callers = kThreads,
                                      .deadline = kDeadline,
                                      .margin = kPatience * seconds(2),
                                      .recovery = kPatience * seconds(1),
                                      .faults = 200,
                                      .answers = 2000,
                                      .sessions = StoreOptions().max_sessions + kLoginSession},
                                     [this](unsigned /*caller*/, unsigned number) {
                                       return key_->Call(number, After(kDeadline), [this] { load_.Good(); });
                                     },
                                     [this](const Error& error) { return MayRefuse(error); }};
};

TEST_F(FaultLoad, TenThousandFaultsAreSurvivedAndLeaveNothingBehind) {
  load_.SufferAll(rootkeep::testing::kPassingFaults);
  const Footprint before = Measure();
  const std::size_t warm_up = load_.faults();
  const std::size_t signed_before = load_.good();
  const auto end = steady_clock::now() + kLongest;
  do {
    load_.SufferAll(rootkeep::testing::kPassingFaults);
  } while (load_.faults() - warm_up < kFaultsWanted && steady_clock::now() < end);
  const std::size_t faults = load_.faults() - warm_up;
  EXPECT_GE(faults, kFaultsWanted / kPatience);
  const std::size_t signed_meanwhile = load_.good() - signed_before;
  Footprint after = Measure();
  EXPECT_TRUE(rootkeep::testing::Eventually([&] {
    after = Footprint::Now();
    return after.threads <= before.threads && after.descriptors <= before.descriptors;
  })) << after.threads
      << " threads and " << after.descriptors << " descriptors, before there were " << before.threads << " and "
      << before.descriptors;
  if (!kSanitized) {
    EXPECT_LT(after.resident_kib, before.resident_kib + kMemoryKib);
  }
  std::printf("%zu faults, %zu signatures, %zu refusals, worst recovery %lld ms, memory %zu -> %zu KiB\n", faults,
              signed_meanwhile, load_.refused(), static_cast<long long>(load_.slowest_recovery().count()),
              before.resident_kib, after.resident_kib);
}

// Everybody is told so, at once, and the PIN is sent no more often than it takes to know, until an operator acts.
TEST_F(FaultLoad, ARefusedPinIsSentOnceAndAllAreToldUntilAnOperatorActs) {
  for (const auto& [scenario, logins] : rootkeep::testing::kLatches) {
    SCOPED_TRACE(scenario);
    load_.Under([&] {
      load_.AwaitGood(kThreads);
      latching_ = true;
      const std::size_t refused = pin_refusals_;
      const std::size_t faults = LoginFaults();
      TheChaos().Set(std::string(scenario) + "\nlose-sessions C_Sign times=1");
      EXPECT_TRUE(Eventually([&] { return pin_refusals_ >= refused + 10UL * kThreads; }));
      EXPECT_EQ(LoginFaults() - faults, logins);
      // The token would take the PIN again, but nobody tries.
      TheChaos().Clear();
      latched_ = true;
      const std::size_t good = load_.good();
      load_.AwaitRefusals(10UL * kThreads);
      EXPECT_EQ(load_.good(), good);

      latched_ = false;
      ASSERT_THAT(hsm_.module()->pins().Forget(key_->info().device), IsOk());
      load_.AwaitRecovery();
    });
    latching_ = false;
    load_.Under([&] { load_.AwaitGood(kThreads); });
  }
}

}  // namespace
}  // namespace rootkeep::pkcs11
