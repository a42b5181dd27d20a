// On whose behalf a signature is asked for, and when to come back, through the process that makes it.
#include <atomic>
#include <thread>

#include "keystore/isolated/backend/isolated_store.h"
#include "tests/support/chaos.h"
#include "tests/support/eventually.h"
#include "tests/support/isolated.h"
#include "tests/support/matchers.h"

namespace rootkeep::isolated {
namespace {

using std::chrono::milliseconds;
using testing::Eventually;
using testing::HasCode;
using testing::IsOk;

Deadline Soon() { return After(std::chrono::seconds(60)); }

class IsolatedShare : public ::testing::Test {
 protected:
  // One session, so that one signature is made at a time and the host's queue holds what its other four channels bring.
  static constexpr std::uint32_t kInHost = 4;
  static constexpr std::uint32_t kWaiting = 8;

  void SetUp() override {
    HostOptions options = testing::HostOptionsFor(hsm_);
    const auto chaos = chaos_.Environment(options.setup.module_path);
    options.setup.environment.insert(options.setup.environment.end(), chaos.begin(), chaos.end());
    options.setup.module_path = testing::Chaos::ModulePath();
    options.setup.max_sessions = 1;
    options.setup.max_waiting = kWaiting;
    options.patience = std::chrono::minutes(1);
    store_ = std::make_unique<IsolatedStore>(options);
    ASSERT_OK_AND_ASSIGN(const KeyInfo made, store_->Create({.name = "key"}, Soon()));
    ASSERT_OK_AND_ASSIGN(signer_, store_->Open(made.uri, Soon()));
    ASSERT_THAT(Sign({}, Soon()), IsOk());
  }
  void TearDown() override { chaos_.Clear(); }

  Result<Bytes> Sign(const Share& share, Deadline deadline, SignTimes* times = nullptr) {
    return signer_->SignFor({.deadline = deadline, .share = share, .times = times}, SignatureScheme::kEcdsaSha256,
                            Bytes(32, 7));
  }

  // Starts as many callers with this share as may wait, while the token hangs with the first. Returns when more of
  // them are refused.
  void Fill(const Share& share) {
    chaos_.Set("hang C_Sign nth=1");
    for (std::uint32_t i = 0; i < 1 + kInHost + kWaiting / 2; ++i) {
      threads_.emplace_back([this, share] {
        auto made = Sign(share, Soon());
        while (!made.ok() && made.error().reason() == "queue_full") made = Sign(share, Soon());
        EXPECT_THAT(made, IsOk());
        ++served_;
      });
      // The first hangs, not one of those that ask below and give up.
      if (i > 0) continue;
      ASSERT_TRUE(Eventually([&] { return !chaos_.Faults("hang").empty(); }));
    }
    EXPECT_TRUE(Eventually([&] {
      const auto refused = Sign(share, After(milliseconds(20)));
      return refused.error().reason() == "queue_full" && refused.error().retry_after();
    }));
  }

  testing::SoftHsm hsm_;
  testing::Chaos chaos_;
  std::unique_ptr<IsolatedStore> store_;
  std::shared_ptr<const Signer> signer_;
  std::atomic<unsigned> served_{0};
  std::vector<std::jthread> threads_;
};

// In the queue on this side, and in the host's.
TEST_F(IsolatedShare, UrgentWorkGoesBeforeBulkWorkThatWaits) {
  Fill({.priority = Priority::kBulk, .flow = "bulk"});
  chaos_.Set("delay C_Sign 100ms");
  SignTimes times;
  EXPECT_THAT(Sign({.priority = Priority::kInteractive, .flow = "urgent"}, Soon(), &times), IsOk());
  // The one that hung, and one or two that the token had before this came.
  EXPECT_LE(served_, 3U);
  EXPECT_GE(times.device, milliseconds(100));
  EXPECT_GT(times.queued.count(), 0);
}

TEST_F(IsolatedShare, ACallerGetsItsTurnHoweverMuchAnotherHasQueued) {
  Fill({.flow = "busy"});
  chaos_.Set("delay C_Sign 100ms");
  EXPECT_THAT(Sign({.flow = "modest"}, Soon()), IsOk());
  // Nine without turns, six if the host had none.
  EXPECT_LE(served_, 5U);
}

TEST_F(IsolatedShare, WhoIsRefusedIsToldWhenToComeBack) {
  hsm_.TakeAway();
  ASSERT_TRUE(Eventually([this] { return !Sign({}, Soon()).ok(); }));
  const auto refused = Sign({}, Soon());
  EXPECT_THAT(refused, HasCode(Code::kUnavailable));
  ASSERT_TRUE(refused.error().retry_after());
  EXPECT_LE(*refused.error().retry_after(), milliseconds(250));
  hsm_.GiveBack();
}

}  // namespace
}  // namespace rootkeep::isolated
