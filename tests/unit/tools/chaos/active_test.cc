#include "tools/chaos/active.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace rootkeep::chaos {
namespace {

using std::chrono::milliseconds;

constexpr int kCalls = 10000;

TEST(Workers, OneThatWasWaitedForBeginsWhenTheDeviceWasDone) {
  Workers workers(1);
  const auto first = workers.Take();
  const auto done = first - milliseconds(1);
  std::atomic<bool> taken = false;
  Workers::Time second;
  std::thread waiting([&] {
    second = workers.Take();
    taken = true;
  });
  for (int i = 0; i < 1000 && !taken; ++i) std::this_thread::yield();
  EXPECT_FALSE(taken);
  workers.Give(done);
  waiting.join();
  EXPECT_TRUE(second == done || second >= first);  // it may have come after Give
  workers.Give(done);
  EXPECT_GE(workers.Take(), first);  // nobody was waiting
}

TEST(DelayOf, FixedIsAlwaysTheSame) {
  const Delay delay{.low = milliseconds(5)};
  for (std::uint64_t call = 1; call < 10; ++call) EXPECT_EQ(DelayOf(delay, 1, 1, call), milliseconds(5));
}

TEST(DelayOf, UniformStaysInItsRangeAndFillsIt) {
  const Delay delay{.shape = Delay::Shape::kUniform, .low = milliseconds(10), .high = milliseconds(20)};
  std::chrono::duration<double, std::milli> sum{0};
  for (std::uint64_t call = 1; call <= kCalls; ++call) {
    const auto time = DelayOf(delay, 1, 1, call);
    ASSERT_GE(time, delay.low);
    ASSERT_LE(time, delay.high);
    sum += time;
  }
  EXPECT_NEAR(sum.count() / kCalls, 15, 0.2);
}

TEST(DelayOf, ExponentialHasItsMeanAndATail) {
  const Delay delay{.shape = Delay::Shape::kExponential, .low = milliseconds(10)};
  std::chrono::duration<double, std::milli> sum{0};
  int above = 0;  // thrice the mean: e^-3 of the calls
  for (std::uint64_t call = 1; call <= kCalls; ++call) {
    const auto time = DelayOf(delay, 1, 1, call);
    ASSERT_GE(time.count(), 0);
    sum += time;
    above += time > milliseconds(30) ? 1 : 0;
  }
  EXPECT_NEAR(sum.count() / kCalls, 10, 0.5);
  EXPECT_NEAR(above, 0.0498 * kCalls, 80);
}

TEST(DelayOf, TheSeedDecides) {
  const Delay delay{.shape = Delay::Shape::kUniform, .low = milliseconds(0), .high = milliseconds(20)};
  EXPECT_EQ(DelayOf(delay, 1, 1, 7), DelayOf(delay, 1, 1, 7));
  EXPECT_NE(DelayOf(delay, 1, 1, 7), DelayOf(delay, 2, 1, 7));
}

}  // namespace
}  // namespace rootkeep::chaos
