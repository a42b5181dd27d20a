#include "keystore/concurrency_search.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace rootkeep {
namespace {

constexpr unsigned kProcessors = 2;

using Curve = std::function<double(unsigned)>;  // completions a second with so many signers

// The limit after `windows` windows on a device with this curve and measurements that scatter by `noise`.
unsigned Found(const Curve& curve, unsigned max, double noise = 0, int windows = 2000) {
  ConcurrencySearch search(max, kProcessors);
  std::mt19937 generator(7);
  std::uniform_real_distribution<double> scatter(1 - noise, 1 + noise);
  for (int i = 0; i < windows; ++i) search.Observe(curve(search.limit()) * scatter(generator), true);
  return search.limit();
}

TEST(ConcurrencySearch, StartsWithOne) { EXPECT_EQ(ConcurrencySearch(16, kProcessors).limit(), 1U); }

TEST(ConcurrencySearch, StaysWithOneWhereMoreIsSlower) {
  EXPECT_EQ(Found([](unsigned n) { return 17000.0 / (1 + 0.2 * (n - 1)); }, 16), 1U);
}

TEST(ConcurrencySearch, FindsTwoOnTwoCores) {
  EXPECT_EQ(Found([](unsigned n) { return n == 1 ? 1700.0 : 3300.0; }, 16), 2U);
}

TEST(ConcurrencySearch, ClimbsToTheParallelismOfADistantDevice) {
  const unsigned found = Found([](unsigned n) { return n <= 12 ? n * 200.0 : 2400.0 - n; }, 32);
  EXPECT_GE(found, 11U);
  EXPECT_LE(found, 13U);
}

TEST(ConcurrencySearch, OneWindowIsEnoughWhereTheDifferenceIsPlain) {
  const Curve slots = [](unsigned n) { return std::min(n, 16U) * 5.0; };
  EXPECT_EQ(Found(slots, 64, 0, 10), 16U) << "two windows for each doubling";
  // And where more is plainly worse, one window is all that is lost.
  ConcurrencySearch search(16, kProcessors);
  const auto observe = [&search] { search.Observe(search.limit() == 1 ? 10000.0 : 7000.0, true); };
  observe();
  ASSERT_EQ(search.limit(), 2U);
  observe();
  EXPECT_FALSE(search.on_trial());
  EXPECT_EQ(search.limit(), 1U);
}

TEST(ConcurrencySearch, ATrialThatIsAbandonedChangesNothing) {
  ConcurrencySearch search(16, kProcessors);
  search.Observe(1000, true);
  ASSERT_TRUE(search.on_trial());
  ASSERT_EQ(search.limit(), 2U);
  search.Abandon();
  EXPECT_FALSE(search.on_trial());
  EXPECT_EQ(search.limit(), 1U);
}

// Each step down from 64 alone would cost next to nothing.
TEST(ConcurrencySearch, KeepsEverySlotOfALargeDevice) {
  EXPECT_EQ(Found([](unsigned n) { return n * 5.0; }, 64), 64U);
  const unsigned found = Found([](unsigned n) { return std::min(n, 50U) * 5.0; }, 64);
  EXPECT_GE(found, 48U);
  EXPECT_LE(found, 57U);
}

// What a third signer brings on two processors is the processor that everything else wanted.
TEST(ConcurrencySearch, LittleIsNotEnoughBeyondTheProcessors) {
  const Curve curve = [](unsigned n) { return n <= 2 ? n * 1700.0 : 3400.0 * (1 + 0.05 * (n - 2)); };
  EXPECT_EQ(Found(curve, 16), 2U);
  ConcurrencySearch many(16, 16);
  for (int i = 0; i < 2000; ++i) many.Observe(curve(many.limit()), true);
  EXPECT_GT(many.limit(), 8U) << "there are processors enough";
}

TEST(ConcurrencySearch, ComesBackToTheProcessors) {
  ConcurrencySearch search(16, kProcessors);
  for (int i = 0; i < 500; ++i) search.Observe(std::min(search.limit(), 8U) * 1000.0, true);
  ASSERT_EQ(search.limit(), 8U);
  for (int i = 0; i < 5000; ++i) search.Observe(search.limit() == 1 ? 1700.0 : 3000.0 + 100.0 * search.limit(), true);
  EXPECT_EQ(search.limit(), 2U);
}

TEST(ConcurrencySearch, NeverGoesBeyondANewMaximum) {
  const Curve slots = [](unsigned n) { return n * 100.0; };
  ConcurrencySearch search(16, kProcessors);
  for (int i = 0; i < 500; ++i) search.Observe(slots(search.limit()), true);
  ASSERT_EQ(search.limit(), 16U);
  search.SetMax(3);
  for (int i = 0; i < 500; ++i) {
    ASSERT_LE(search.limit(), 3U);
    search.Observe(slots(search.limit()), true);
  }
  EXPECT_EQ(search.limit(), 3U);
  search.SetMax(16);
  for (int i = 0; i < 5000; ++i) search.Observe(slots(search.limit()), true);
  EXPECT_EQ(search.limit(), 16U);
}

TEST(ConcurrencySearch, ATrialBeyondANewMaximumEnds) {
  ConcurrencySearch search(16, kProcessors);
  search.Observe(1000, true);
  ASSERT_EQ(search.limit(), 2U);
  search.SetMax(1);
  EXPECT_FALSE(search.on_trial());
  EXPECT_EQ(search.limit(), 1U);
}

// From two to one on one processor, which costs a seventh: less than what the second signer would have to bring.
TEST(ConcurrencySearch, OneWindowIsNotEnoughAgainstFewerThatMayCostMore) {
  ConcurrencySearch search(2, 1);
  for (int i = 0; i < 50; ++i) search.Observe(search.limit() * 1000.0, true);
  ASSERT_EQ(search.limit(), 2U);
  for (int i = 0; i < 5000; ++i) search.Observe(search.limit() == 1 ? 860.0 : 1000.0, true);
  EXPECT_EQ(search.limit(), 1U);
}

TEST(ConcurrencySearch, NeverLeavesItsBounds) {
  EXPECT_EQ(Found([](unsigned n) { return n * 100.0; }, 4), 4U);
  EXPECT_EQ(Found([](unsigned n) { return n * 100.0; }, 1), 1U);
}

TEST(ConcurrencySearch, FollowsADeviceThatChanges) {
  ConcurrencySearch search(16, kProcessors);
  for (int i = 0; i < 500; ++i) search.Observe(search.limit() >= 4 ? 4000.0 : search.limit() * 1000.0, true);
  EXPECT_EQ(search.limit(), 4U);
  for (int i = 0; i < 5000; ++i) search.Observe(1000.0 / search.limit(), true);
  EXPECT_EQ(search.limit(), 1U);
}

TEST(ConcurrencySearch, IsNotLedAstrayByScatter) {
  int right = 0;
  const Curve curve = [](unsigned n) { return n == 1 ? 10000.0 : 8500.0; };
  ConcurrencySearch search(16, kProcessors);
  std::mt19937 generator(11);
  std::uniform_real_distribution<double> scatter(0.94, 1.06);
  for (int i = 0; i < 10000; ++i) {
    right += search.limit() == 1 ? 1 : 0;
    search.Observe(curve(search.limit()) * scatter(generator), true);
  }
  EXPECT_GT(right, 9000);
}

TEST(ConcurrencySearch, LearnsNothingWhileNobodyWaits) {
  ConcurrencySearch search(16, kProcessors);
  for (int i = 0; i < 1000; ++i) {
    search.Observe(1000.0 * search.limit(), false);
    ASSERT_EQ(search.limit(), 1U);
  }
}

TEST(ConcurrencySearch, TakesALimitThatLeavesNobodyWaiting) {
  ConcurrencySearch search(16, kProcessors);
  // Two callers: with one ticket somebody always waits, with two nobody ever does.
  for (int i = 0; i < 100; ++i) search.Observe(search.limit() == 1 ? 1700.0 : 2600.0, search.limit() == 1);
  EXPECT_EQ(search.limit(), 2U);
}

}  // namespace
}  // namespace rootkeep
