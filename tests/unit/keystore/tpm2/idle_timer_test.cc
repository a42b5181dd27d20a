#include "keystore/tpm2/idle_timer.h"

#include <gtest/gtest.h>

#include <atomic>

#include "tests/support/eventually.h"

namespace rootkeep::tpm2 {
namespace {

using rootkeep::testing::Eventually;
using std::chrono::milliseconds;

TEST(IdleTimerTest, CallsOnceForEachSilence) {
  std::atomic<int> calls{0};
  IdleTimer timer(milliseconds(1), [&] {
    ++calls;
    return true;
  });
  for (int silence = 1; silence <= 3; ++silence) {
    timer.Touch();
    EXPECT_TRUE(Eventually([&] { return calls == silence; }));
  }
  EXPECT_EQ(calls, 3);
}

TEST(IdleTimerTest, CallsAgainWhenItWasNotAsQuietAsItSeemed) {
  std::atomic<int> calls{0};
  IdleTimer timer(milliseconds(1), [&] { return ++calls == 3; });
  timer.Touch();
  EXPECT_TRUE(Eventually([&] { return calls == 3; }));
}

TEST(IdleTimerTest, EndsWhileItWaits) {
  IdleTimer untouched(std::chrono::hours(1), [] { return true; });
  IdleTimer touched(std::chrono::hours(1), [] { return true; });
  touched.Touch();
}

}  // namespace
}  // namespace rootkeep::tpm2
