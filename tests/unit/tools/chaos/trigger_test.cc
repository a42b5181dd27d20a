#include "tools/chaos/trigger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace rootkeep::chaos {
namespace {

using ::testing::ElementsAre;

// The numbers of the first `calls` calls that it fires on.
std::vector<std::uint64_t> Fired(const Trigger& trigger, int calls, std::uint64_t seed = 0, std::uint64_t stream = 0) {
  TriggerState state(trigger, seed, stream);
  std::vector<std::uint64_t> fired;
  for (int i = 0; i < calls; ++i) {
    if (const auto call = state.Count()) fired.push_back(*call);
  }
  return fired;
}

TEST(Trigger, WithoutConditionFiresAlways) { EXPECT_THAT(Fired({}, 3), ElementsAre(1, 2, 3)); }

TEST(Trigger, FiresOnTheNthCallOnly) {
  EXPECT_THAT(Fired({.when = Trigger::When::kNth, .n = 3, .times = {}}, 10), ElementsAre(3));
}

TEST(Trigger, FiresOnEveryNthCall) {
  EXPECT_THAT(Fired({.when = Trigger::When::kEvery, .n = 3, .times = {}}, 10), ElementsAre(3, 6, 9));
}

TEST(Trigger, StopsAfterItsTimes) {
  EXPECT_THAT(Fired({.times = 2}, 10), ElementsAre(1, 2));
  EXPECT_THAT(Fired({.when = Trigger::When::kEvery, .n = 4, .times = 1}, 10), ElementsAre(4));
}

TEST(Trigger, ChanceIsAFractionOfCalls) {
  const auto with = [](double chance) {
    return Fired({.when = Trigger::When::kChance, .chance = chance, .times = {}}, 10000).size();
  };
  EXPECT_EQ(with(0), 0U);
  EXPECT_NEAR(static_cast<double>(with(0.1)), 1000, 150);
  EXPECT_EQ(with(1), 10000U);
}

TEST(Trigger, TheSeedDecidesWhichCallsChanceHits) {
  const Trigger trigger{.when = Trigger::When::kChance, .chance = 0.5, .times = {}};
  EXPECT_EQ(Fired(trigger, 100, 1, 1), Fired(trigger, 100, 1, 1));
  EXPECT_NE(Fired(trigger, 100, 1, 1), Fired(trigger, 100, 2, 1));
  EXPECT_NE(Fired(trigger, 100, 1, 1), Fired(trigger, 100, 1, 2));
}

TEST(Trigger, CountsEachCallOfManyThreadsOnce) {
  TriggerState state({.when = Trigger::When::kEvery, .n = 2, .times = 500}, 0, 0);
  std::atomic<int> fired = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int call = 0; call < 1000; ++call) fired += state.Count() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(fired, 500);
}

}  // namespace
}  // namespace rootkeep::chaos
