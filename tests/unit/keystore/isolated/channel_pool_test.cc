#include "keystore/isolated/backend/channel_pool.h"

#include <future>

#include "keystore/isolated/backend/reasons.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"

namespace rootkeep::isolated {
namespace {

using testing::HasReason;
using testing::IsOk;

Deadline Soon() { return After(std::chrono::seconds(30)); }

std::vector<Channel> One() {
  std::vector<Channel> channels;
  channels.push_back(std::move(Channel::Pair()->first));
  return channels;
}

TEST(ChannelPool, WhoWaitsIsServedOrToldWhyNot) {
  ChannelPool pool(One(), 1);
  ASSERT_OK_AND_ASSIGN(Channel channel, pool.Take(Soon()));
  EXPECT_THAT(pool.Take(After(std::chrono::milliseconds(1))), HasReason("deadline"));
  // One may wait; the next is told at once. That may be the thread, while the test has the place: it asks again.
  auto waiting = std::async(std::launch::async, [&] {
    auto taken = pool.Take(Soon());
    while (!taken.ok() && taken.error().reason() == "queue_full") taken = pool.Take(Soon());
    return taken.ok();
  });
  EXPECT_TRUE(testing::Eventually(
      [&] { return pool.Take(std::chrono::steady_clock::now()).error().reason() == "queue_full"; }));
  pool.GiveBack(std::move(channel));
  EXPECT_TRUE(waiting.get());
}

TEST(ChannelPool, ClosingEndsEveryWait) {
  ChannelPool pool(One(), 16);
  ASSERT_OK_AND_ASSIGN(const Channel channel, pool.Take(Soon()));
  std::vector<std::future<std::string>> waiting;
  for (int i = 0; i < 8; ++i) {
    waiting.push_back(std::async(std::launch::async, [&] { return std::string(pool.Take(Soon()).error().reason()); }));
  }
  pool.Close();
  for (auto& one : waiting) EXPECT_EQ(one.get(), kReasonHostLost);
  EXPECT_THAT(pool.Take(Soon()), HasReason(kReasonHostLost));
}

}  // namespace
}  // namespace rootkeep::isolated
