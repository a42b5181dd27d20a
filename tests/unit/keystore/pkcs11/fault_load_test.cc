// Ten thousand faults under 64 threads that sign, open, list and ask for health: what is signed is right, nobody waits
// past its deadline, and nothing is left behind.

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/chaos.h"
#include "tests/support/eventually.h"
#include "tests/support/fault_list.h"
#include "tests/support/footprint.h"
#include "tests/support/open_sessions.h"
#include "tests/unit/keystore/pkcs11/token_fixture.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::Chaos;
using rootkeep::testing::Footprint;
using rootkeep::testing::IsOk;
using rootkeep::testing::SoftHsm;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kThreads = 64;
constexpr std::size_t kFaultsWanted = 10'000;
constexpr seconds kLongest{60};
constexpr milliseconds kFaultLasts{100};
constexpr seconds kDeadline{1};
// For 64 threads to be scheduled; the token's own calls are not interrupted, and last as long as `hang` lets them.
constexpr seconds kMargin{2};
constexpr seconds kRecovery{1};
constexpr std::size_t kMemoryKib = 8 * 1024;
constexpr std::size_t kLoginSession = 1;
#ifdef ROOTKEEP_SANITIZED  // which keeps freed memory for itself, and makes everything ten times as slow
constexpr bool kSanitized = true;
constexpr int kPatience = 10;
#else
constexpr bool kSanitized = false;
constexpr int kPatience = 1;
#endif

const Chaos& TheChaos() {
  static const auto& chaos = *new Chaos;
  return chaos;
}

std::string ChaosPath() {
  for (const auto& [name, value] : TheChaos().Environment(SoftHsm::ModulePath())) {
    setenv(name.c_str(), value.c_str(), 1);
  }
  return Chaos::ModulePath();
}

class FaultLoad : public ::testing::Test {
 protected:
  void SetUp() override {
    TheChaos().Clear();
    ASSERT_OK_AND_ASSIGN(info_, store_->Create({.use = KeyUse::kApp, .name = "key"}, Soon()));
    ASSERT_OK_AND_ASSIGN(signer_, store_->Open(info_->uri, Soon()));
  }
  void TearDown() override { TheChaos().Clear(); }

  Status Sign(Deadline deadline) {
    auto signature = signer_->Sign(SignatureScheme::kEcdsaSha256, digest_, deadline);
    if (!signature.ok()) return std::move(signature).error();
    EXPECT_THAT(info_->public_key.Verify(SignatureScheme::kEcdsaSha256, digest_, *signature), IsOk());
    ++signatures_;
    return Ok();
  }

  Status Call(unsigned number) {
    const Deadline deadline = After(kDeadline);
    const auto ignore = [](auto result) { return result.ok() ? Ok() : Status(std::move(result).error()); };
    switch (number % 16) {
      case 3: return ignore(store_->Open(info_->uri, deadline));
      case 7: return ignore(store_->List(deadline));
      case 11: return store_->health()->Probe(deadline);
      default: return Sign(deadline);
    }
  }

  void CallAndJudge(unsigned number) {
    const auto begin = steady_clock::now();
    const Status status = Call(number);
    EXPECT_LT(steady_clock::now() - begin, kDeadline + kPatience * kMargin);
    if (status.ok()) return;
    const Code code = status.error().code();
    EXPECT_TRUE(code == Code::kUnavailable || code == Code::kResourceExhausted) << status.error().ToString();
    ++refused_;
    std::this_thread::sleep_for(milliseconds(2));  // who is refused comes back, but not at once
  }

  template <typename Work>
  void UnderLoad(Work work) {
    std::atomic<bool> stop{false};
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (unsigned i = 0; i < kThreads; ++i) {
      threads.emplace_back([this, i, &stop] {
        for (unsigned number = i; !stop; ++number) CallAndJudge(number);
      });
    }
    work();
    stop = true;
  }

  void SufferAll() {
    for (const char* fault : rootkeep::testing::kPassingFaults) {
      SCOPED_TRACE(fault);
      TheChaos().Set(fault);
      std::this_thread::sleep_for(kFaultLasts);
      TheChaos().Clear();
      const auto cleared = steady_clock::now();
      const std::size_t before = signatures_;
      EXPECT_TRUE(rootkeep::testing::Eventually([&] { return signatures_ > before; }));
      const auto took = steady_clock::now() - cleared;
      EXPECT_LT(took, kPatience * kRecovery);
      slowest_ = std::max(slowest_, std::chrono::duration_cast<milliseconds>(took));
    }
  }

  void Calm() {
    UnderLoad([this] {
      const std::size_t before = signatures_;
      EXPECT_TRUE(rootkeep::testing::Eventually([&] { return signatures_ > before + 50 * kThreads; }));
    });
  }

  Footprint Measure() {
    Calm();
    return Footprint::Now();
  }

  SoftHsm hsm_{ChaosPath()};
  std::shared_ptr<KeyStore> store_ = hsm_.OpenStore();
  const Bytes digest_ = *Digest(Hash::kSha256, AsBytes("message"));
  std::optional<KeyInfo> info_;
  std::shared_ptr<const Signer> signer_;
  std::atomic<std::size_t> signatures_{0};
  std::atomic<std::size_t> refused_{0};
  milliseconds slowest_{0};
};

TEST_F(FaultLoad, TenThousandFaultsAreSurvivedAndLeaveNothingBehind) {
  UnderLoad([this] { SufferAll(); });
  const Footprint before = Measure();
  const std::size_t warm_up = TheChaos().CountFaults();
  const std::size_t signed_before = signatures_;
  UnderLoad([this, warm_up] {
    const auto end = steady_clock::now() + kLongest;
    do {
      SufferAll();
    } while (TheChaos().CountFaults() - warm_up < kFaultsWanted && steady_clock::now() < end);
  });
  const std::size_t faults = TheChaos().CountFaults() - warm_up;
  EXPECT_GE(faults, kFaultsWanted / kPatience);
  const std::size_t signed_meanwhile = signatures_ - signed_before;
  Footprint after = Measure();
  EXPECT_LE(rootkeep::testing::OpenSessions(TheChaos()), StoreOptions().max_sessions + kLoginSession);
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
              signed_meanwhile, refused_.load(), static_cast<long long>(slowest_.count()), before.resident_kib,
              after.resident_kib);
}

}  // namespace
}  // namespace rootkeep::pkcs11
