#include "keystore/isolated/backend/channel_pool.h"

#include <atomic>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "keystore/isolated/backend/reasons.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"

namespace rootkeep::isolated {
namespace {

using testing::HasReason;
using testing::IsOk;

using std::chrono::milliseconds;

const Share kSome{.flow = "some"};
const Share kOther{.flow = "other"};
const Share kUrgent{.priority = Priority::kInteractive, .flow = "urgent"};
const Share kBulk{.priority = Priority::kBulk, .flow = "bulk"};

Deadline Soon() { return After(std::chrono::seconds(30)); }

std::vector<Channel> One() {
  std::vector<Channel> channels;
  channels.push_back(std::move(Channel::Pair()->first));
  return channels;
}

TEST(ChannelPool, WhoWaitsIsServedOrToldWhyNot) {
  ChannelPool pool(One(), 1);
  ASSERT_OK_AND_ASSIGN(Channel channel, pool.Take(kSome, Soon()));
  EXPECT_THAT(pool.Take(kSome, After(milliseconds(1))), HasReason("deadline"));
  EXPECT_THAT(pool.Take(kSome, After(milliseconds(-1))), HasReason("deadline"));
  // One may wait; the next is told at once. That may be the thread, while the test has the place: it asks again.
  auto waiting = std::async(std::launch::async, [&] {
    auto taken = pool.Take(kSome, Soon());
    while (!taken.ok() && taken.error().reason() == "queue_full") taken = pool.Take(kSome, Soon());
    return taken.ok();
  });
  EXPECT_TRUE(testing::Eventually(
      [&] { return pool.Take(kOther, std::chrono::steady_clock::now()).error().reason() == "queue_full"; }));
  pool.GiveBack(std::move(channel));
  EXPECT_TRUE(waiting.get());
}

// Those who wait for the one channel of a pool, each in a thread, and the order in which they got it.
class Waiters {
 public:
  explicit Waiters(ChannelPool& pool, milliseconds turn = milliseconds(0)) : pool_(pool), turn_(turn) {}

  // Returns when `share` waits. Its channel is given back after a turn.
  void Add(const Share& share) {
    const std::size_t before = begun_;
    threads_.emplace_back([this, share] {
      ++begun_;
      auto channel = pool_.Take(share, Soon());
      ASSERT_THAT(channel, IsOk());
      const MutexLock lock(mutex_);
      order_.push_back(share.flow);
      const Deadline end = After(turn_);
      EXPECT_TRUE(testing::Eventually([&] { return std::chrono::steady_clock::now() >= end; }));
      pool_.GiveBack(*std::move(channel));
    });
    EXPECT_TRUE(testing::Eventually([&] { return begun_ > before && pool_.waiting() > before; }));
  }
  std::vector<std::string> Order() {
    threads_.clear();
    const MutexLock lock(mutex_);
    return order_;
  }

 private:
  ChannelPool& pool_;
  const milliseconds turn_;
  std::atomic<std::size_t> begun_{0};
  Mutex mutex_;
  std::vector<std::string> order_ RK_GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_;
};

TEST(ChannelPool, ServesByUrgencyAndCallersInTurn) {
  ChannelPool pool(One(), 16);
  ASSERT_OK_AND_ASSIGN(Channel channel, pool.Take(kSome, Soon()));
  Waiters waiters(pool);
  for (const Share& share : {kBulk, kSome, kSome, kSome, kOther, kUrgent}) waiters.Add(share);
  pool.GiveBack(std::move(channel));
  EXPECT_THAT(waiters.Order(), ::testing::ElementsAre("urgent", "some", "other", "some", "some", "bulk"));
}

TEST(ChannelPool, OneCallerAndBulkWorkGetHalfOfThePlaces) {
  ChannelPool pool(One(), 4);
  ASSERT_OK_AND_ASSIGN(Channel channel, pool.Take(kSome, Soon()));
  Waiters waiters(pool);
  waiters.Add(kSome);
  waiters.Add(kSome);
  for (const Share& share : {kSome, kBulk}) {
    const auto refused = pool.Take(share, Soon());
    EXPECT_THAT(refused, HasReason("queue_full"));
    EXPECT_TRUE(refused.error().retry_after());
  }
  waiters.Add(kOther);
  pool.GiveBack(std::move(channel));
  EXPECT_THAT(waiters.Order(), ::testing::ElementsAre("some", "other", "some"));
}

// A pool in which a turn took a while: 200 ms, or longer where threads have to wait for a processor.
class SlowPool : public ::testing::Test {
 protected:
  void SetUp() override {
    channel_ = *pool_.Take(kSome, Soon());
    Waiters first(pool_);
    const auto began = std::chrono::steady_clock::now();
    first.Add(kSome);
    EXPECT_TRUE(testing::Eventually([&] { return std::chrono::steady_clock::now() - began > milliseconds(200); }));
    pool_.GiveBack(*std::exchange(channel_, std::nullopt));
    EXPECT_THAT(first.Order(), ::testing::SizeIs(1));
    channel_ = *pool_.Take(kSome, Soon());
  }

  // What a turn is taken to last, as somebody is told who is refused because one other waits.
  milliseconds Interval() {
    constexpr milliseconds kLeft{1};
    const auto refused = pool_.Take(kSome, After(kLeft));
    EXPECT_THAT(refused, HasReason("queue_too_long"));
    return (refused.error().retry_after().value_or(milliseconds(0)) + kLeft) / 2;
  }

  ChannelPool pool_{One(), 64};
  std::optional<Channel> channel_;
};

// Who is before others waits for none of them.
TEST_F(SlowPool, UrgentWorkIsNotRefusedForWhatWaitsBehindIt) {
  Waiters waiters(pool_);
  waiters.Add(kSome);
  EXPECT_THAT(pool_.Take(kUrgent, After(Interval() * 3 / 2)), HasReason("deadline"));
  EXPECT_THAT(pool_.Take(kOther, After(Interval() * 3 / 2)), HasReason("queue_too_long"));
  pool_.GiveBack(*std::move(channel_));
}

// By and by: neither one slow turn nor one quick one says how long the next takes.
TEST_F(SlowPool, ATurnIsTakenToLastWhatTurnsLastedLately) {
  constexpr int kTurns = 16;
  milliseconds before{0};
  {
    Waiters waiters(pool_);
    waiters.Add(kSome);
    before = Interval();
    for (int i = 1; i < kTurns; ++i) waiters.Add(kSome);
    pool_.GiveBack(*std::exchange(channel_, std::nullopt));
    EXPECT_THAT(waiters.Order(), ::testing::SizeIs(kTurns));
  }
  channel_ = *pool_.Take(kSome, Soon());
  Waiters waiters(pool_);
  waiters.Add(kSome);
  const milliseconds after = Interval();
  // 0.36 of it, if these turns took no time.
  EXPECT_LT(after, before * 7 / 10);
  EXPECT_GT(after, before / 4);
  pool_.GiveBack(*std::move(channel_));
}

// From one turn to the next, not from when somebody began to wait.
TEST(ChannelPool, ATurnIsNoLongerBecauseOthersCameBefore) {
  constexpr int kTurns = 12;
  ChannelPool pool(One(), 64);
  std::optional<Channel> channel(*pool.Take(kSome, Soon()));
  const auto began = std::chrono::steady_clock::now();
  {
    Waiters waiters(pool, milliseconds(50));
    for (int i = 0; i < kTurns; ++i) waiters.Add(kSome);
    pool.GiveBack(*std::exchange(channel, std::nullopt));
    EXPECT_THAT(waiters.Order(), ::testing::SizeIs(kTurns));
  }
  const auto lasted = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began) / kTurns;
  channel = *pool.Take(kSome, Soon());
  Waiters waiters(pool);
  waiters.Add(kSome);
  const auto refused = pool.Take(kSome, After(milliseconds(1)));
  ASSERT_TRUE(refused.error().retry_after());
  EXPECT_LT(*refused.error().retry_after(), 2 * 2 * lasted);
  pool.GiveBack(*std::move(channel));
}

TEST_F(SlowPool, WhoFindsNoPlaceIsToldWhenAllOfThemAreServed) {
  constexpr int kPlaces = 32;
  Waiters waiters(pool_);
  waiters.Add(kSome);
  const milliseconds turn = Interval();
  for (int i = 1; i < kPlaces; ++i) waiters.Add(kSome);
  const auto refused = pool_.Take(kSome, Soon());
  EXPECT_THAT(refused, HasReason("queue_full"));
  EXPECT_GE(refused.error().retry_after().value_or(milliseconds(0)), kPlaces * turn);
  pool_.GiveBack(*std::move(channel_));
}

TEST_F(SlowPool, WhoCouldNotBeServedInTimeIsToldWhenToComeBack) {
  Waiters waiters(pool_);
  waiters.Add(kSome);
  const auto refused = pool_.Take(kSome, After(milliseconds(50)));
  EXPECT_THAT(refused, HasReason("queue_too_long"));
  ASSERT_TRUE(refused.error().retry_after());
  EXPECT_GE(*refused.error().retry_after(), milliseconds(100));
  // One more urgent is served before them.
  EXPECT_THAT(pool_.Take(kUrgent, After(milliseconds(50))), HasReason("queue_too_long"));
  pool_.GiveBack(*std::move(channel_));
}

TEST(ChannelPool, ClosingEndsEveryWait) {
  ChannelPool pool(One(), 16);
  ASSERT_OK_AND_ASSIGN(const Channel channel, pool.Take(kSome, Soon()));
  std::vector<std::future<std::string>> waiting;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 8; ++i) {
    waiting.push_back(
        std::async(std::launch::async, [&] { return std::string(pool.Take(kSome, Soon()).error().reason()); }));
  }
  EXPECT_TRUE(testing::Eventually([&] { return pool.waiting() == waiting.size(); }));
  pool.Close();
  for (auto& one : waiting) EXPECT_EQ(one.get(), kReasonHostLost);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(25)) << "they were told at their deadline";
  EXPECT_THAT(pool.Take(kSome, Soon()), HasReason(kReasonHostLost));
}

TEST(ChannelPool, GivesNothingOutOnceItIsClosed) {
  ASSERT_OK_AND_ASSIGN(auto ends, Channel::Pair());
  std::vector<Channel> channels;
  channels.push_back(std::move(ends.first));
  ChannelPool pool(std::move(channels), 16);
  pool.Close();
  EXPECT_THAT(pool.Take(kSome, Soon()), HasReason(kReasonHostLost));
  // Who uses one may still; the others go, and the host sees that.
  EXPECT_THAT(ends.second.Receive(After(milliseconds(1))), testing::HasCode(Code::kDeadlineExceeded));
  pool.Drop();
  EXPECT_THAT(ends.second.Receive(Soon()), testing::HasCode(Code::kUnavailable));
}

}  // namespace
}  // namespace rootkeep::isolated
