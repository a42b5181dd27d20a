#include "keystore/isolated/backend/channel_pool.h"

#include <atomic>
#include <future>
#include <thread>

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
  explicit Waiters(ChannelPool& pool) : pool_(pool) {}

  // Returns when `share` waits. Its channel is given back at once.
  void Add(const Share& share) {
    const std::size_t before = begun_;
    threads_.emplace_back([this, share] {
      ++begun_;
      auto channel = pool_.Take(share, Soon());
      ASSERT_THAT(channel, IsOk());
      const MutexLock lock(mutex_);
      order_.push_back(share.flow);
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

// Once it is known how long a turn takes.
TEST(ChannelPool, WhoCouldNotBeServedInTimeIsToldWhenToComeBack) {
  ChannelPool pool(One(), 16);
  ASSERT_OK_AND_ASSIGN(Channel channel, pool.Take(kSome, Soon()));
  Waiters first(pool);
  const auto began = std::chrono::steady_clock::now();
  first.Add(kSome);
  EXPECT_TRUE(testing::Eventually([&] { return std::chrono::steady_clock::now() - began > milliseconds(200); }));
  pool.GiveBack(std::move(channel));
  EXPECT_THAT(first.Order(), ::testing::SizeIs(1));

  ASSERT_OK_AND_ASSIGN(channel, pool.Take(kSome, Soon()));
  Waiters second(pool);
  second.Add(kSome);
  const auto refused = pool.Take(kSome, After(milliseconds(50)));
  EXPECT_THAT(refused, HasReason("queue_too_long"));
  ASSERT_TRUE(refused.error().retry_after());
  EXPECT_GE(*refused.error().retry_after(), milliseconds(100));
  // One more urgent is served before them.
  EXPECT_THAT(pool.Take(kUrgent, After(milliseconds(50))), HasReason("queue_too_long"));
  pool.GiveBack(std::move(channel));
}

TEST(ChannelPool, ClosingEndsEveryWait) {
  ChannelPool pool(One(), 16);
  ASSERT_OK_AND_ASSIGN(const Channel channel, pool.Take(kSome, Soon()));
  std::vector<std::future<std::string>> waiting;
  for (int i = 0; i < 8; ++i) {
    waiting.push_back(
        std::async(std::launch::async, [&] { return std::string(pool.Take(kSome, Soon()).error().reason()); }));
  }
  pool.Close();
  for (auto& one : waiting) EXPECT_EQ(one.get(), kReasonHostLost);
  EXPECT_THAT(pool.Take(kSome, Soon()), HasReason(kReasonHostLost));
}

}  // namespace
}  // namespace rootkeep::isolated
