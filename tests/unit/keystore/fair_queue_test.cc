#include "keystore/fair_queue.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace rootkeep {
namespace {

using ::testing::ElementsAre;

template <typename T>
std::vector<T> PopAll(FairQueue<T>& queue) {
  std::vector<T> out;
  while (!queue.empty()) out.push_back(queue.Pop());
  return out;
}

TEST(FairQueue, KeepsTheOrderOfOneFlow) {
  FairQueue<int> queue;
  for (int i = 0; i < 4; ++i) queue.Push({.flow = "a"}, i);
  EXPECT_EQ(queue.size(), 4U);
  EXPECT_EQ(queue.Any(), 0);
  EXPECT_THAT(PopAll(queue), ElementsAre(0, 1, 2, 3));
}

TEST(FairQueue, GivesEveryFlowItsTurn) {
  FairQueue<std::string> queue;
  for (int i = 0; i < 3; ++i) queue.Push({.flow = "much"}, "much");
  queue.Push({.flow = "one"}, "one");
  queue.Push({.flow = "two"}, "two");
  queue.Push({.flow = "two"}, "two");
  EXPECT_THAT(PopAll(queue), ElementsAre("much", "one", "two", "much", "two", "much"));
}

TEST(FairQueue, AFlowThatComesBackWaitsItsTurnAgain) {
  FairQueue<std::string> queue;
  queue.Push({.flow = "a"}, "a1");
  queue.Push({.flow = "b"}, "b1");
  EXPECT_EQ(queue.Pop(), "a1");
  queue.Push({.flow = "a"}, "a2");
  EXPECT_THAT(PopAll(queue), ElementsAre("b1", "a2"));
}

TEST(FairQueue, TakesUrgentWorkFirst) {
  FairQueue<std::string> queue;
  queue.Push({.priority = Priority::kBulk, .flow = "x"}, "bulk");
  queue.Push({.priority = Priority::kIssuance, .flow = "x"}, "issuance");
  queue.Push({.priority = Priority::kInteractive, .flow = "x"}, "interactive");
  EXPECT_THAT(PopAll(queue), ElementsAre("interactive", "issuance", "bulk"));
}

TEST(FairQueue, StarvesNoPriority) {
  constexpr unsigned kPatience = FairQueue<int>::kPatience;
  FairQueue<int> queue;
  for (unsigned i = 0; i < 4 * kPatience; ++i) queue.Push({.priority = Priority::kInteractive, .flow = "x"}, 0);
  queue.Push({.priority = Priority::kIssuance, .flow = "x"}, 1);
  queue.Push({.priority = Priority::kBulk, .flow = "x"}, 2);
  std::vector<int> first;
  for (unsigned i = 0; i < kPatience + 3; ++i) first.push_back(queue.Pop());
  EXPECT_EQ(std::count(first.begin(), first.end(), 1), 1);
  EXPECT_EQ(std::count(first.begin(), first.end(), 2), 1);
}

// Not one more, and not one fewer.
TEST(FairQueue, LessUrgentWorkIsPassedOverSoOftenAndIsThenNext) {
  constexpr unsigned kPatience = FairQueue<int>::kPatience;
  FairQueue<int> queue;
  for (unsigned i = 0; i < 4 * kPatience; ++i) queue.Push({.priority = Priority::kInteractive, .flow = "x"}, 0);
  queue.Push({.priority = Priority::kBulk, .flow = "x"}, 2);
  queue.Push({.priority = Priority::kBulk, .flow = "x"}, 2);
  for (int turn = 0; turn < 2; ++turn) {
    for (unsigned i = 0; i < kPatience; ++i) EXPECT_EQ(queue.Pop(), 0) << i;
    EXPECT_EQ(queue.Pop(), 2);
  }
}

// Whoever was not there was passed over by nobody.
TEST(FairQueue, PatienceBeginsWithTheWait) {
  constexpr unsigned kPatience = FairQueue<int>::kPatience;
  FairQueue<int> queue;
  for (unsigned i = 0; i < 2 * kPatience; ++i) queue.Push({.priority = Priority::kInteractive, .flow = "x"}, 0);
  for (unsigned i = 0; i < kPatience; ++i) queue.Pop();
  queue.Push({.priority = Priority::kBulk, .flow = "x"}, 2);
  EXPECT_EQ(queue.Pop(), 0);
}

TEST(FairQueue, TakesTheNextThatFits) {
  FairQueue<int> queue;
  queue.Push({.priority = Priority::kInteractive, .flow = "a"}, 1);
  queue.Push({.flow = "b"}, 3);
  queue.Push({.flow = "c"}, 5);
  queue.Push({.flow = "d"}, 4);
  const auto even = [](int item) { return item % 2 == 0; };
  ASSERT_NE(queue.Next(even), nullptr);
  EXPECT_EQ(*queue.Next(even), 4);
  EXPECT_EQ(queue.PopNext(even), 4);
  EXPECT_EQ(queue.PopNext(even), std::nullopt);
  EXPECT_EQ(queue.Next(even), nullptr);
  EXPECT_THAT(PopAll(queue), ElementsAre(1, 3, 5));
}

TEST(FairQueue, LosesWhatIsRemoved) {
  FairQueue<int> queue;
  const Share one{.flow = "one"};
  queue.Push(one, 1);
  queue.Push(one, 2);
  queue.Push({.flow = "other"}, 3);
  queue.Remove(one, 2);
  EXPECT_EQ(queue.SizeOf(one), 1U);
  queue.Remove(one, 1);
  EXPECT_EQ(queue.SizeOf(one), 0U);
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_THAT(PopAll(queue), ElementsAre(3));
  EXPECT_TRUE(queue.empty());
}

TEST(FairQueue, KnowsWhetherOnlyOneFlowWaits) {
  FairQueue<int> queue;
  EXPECT_EQ(queue.OnlyFlow(), nullptr);
  queue.Push({.flow = "a"}, 1);
  queue.Push({.flow = "a"}, 2);
  ASSERT_NE(queue.OnlyFlow(), nullptr);
  EXPECT_EQ(*queue.OnlyFlow(), 1);
  queue.Push({.priority = Priority::kBulk, .flow = "a"}, 3);
  EXPECT_EQ(queue.OnlyFlow(), nullptr) << "one in each class";
}

TEST(FairQueue, KnowsWhetherSomethingMoreUrgentWaits) {
  FairQueue<int> queue;
  queue.Push({.priority = Priority::kIssuance, .flow = "a"}, 1);
  EXPECT_TRUE(queue.HasMoreUrgent(Priority::kBulk));
  EXPECT_FALSE(queue.HasMoreUrgent(Priority::kIssuance));
  EXPECT_FALSE(queue.HasMoreUrgent(Priority::kInteractive));
}

// Whatever waits, at least as many come first as Ahead says, and no fewer than it could have said.
TEST(FairQueue, NeverSaysThatMoreIsAheadThanIs) {
  std::mt19937 random(5);
  const auto all = [](int) { return true; };
  std::size_t said = 0;
  std::size_t came = 0;
  for (int round = 0; round < 2000; ++round) {
    FairQueue<int> queue;
    const auto any_share = [&random] {
      return Share{.priority = static_cast<Priority>(random() % kPriorities), .flow = std::to_string(random() % 4)};
    };
    const auto waiting = random() % 60;
    for (unsigned i = 0; i < waiting; ++i) {
      queue.Push(any_share(), 0);
      if (random() % 4 == 0) queue.Pop();
    }
    const Share mine = any_share();
    const std::size_t ahead = queue.Ahead(mine, all);
    queue.Push(mine, 1);
    std::size_t before = 0;
    while (queue.Pop() == 0) ++before;
    ASSERT_LE(ahead, before);
    said += ahead;
    came += before;
  }
  EXPECT_GT(said, came * 3 / 4);
}

TEST(FairQueue, AheadCountsOnlyWhatIsAskedFor) {
  FairQueue<int> queue;
  queue.Push({.flow = "a"}, 1);
  queue.Push({.flow = "b"}, 2);
  queue.Push({.priority = Priority::kInteractive, .flow = "a"}, 3);
  EXPECT_EQ(queue.Ahead({.flow = "c"}, [](int item) { return item == 1; }), 1U);
  EXPECT_EQ(queue.Ahead({.flow = "c"}, [](int item) { return item == 3; }), 1U);
}

TEST(FairQueue, AheadAreOnesOwnAndAsManyOfEachOther) {
  const auto all = [](int) { return true; };
  FairQueue<int> queue;
  const Share mine{.flow = "mine"};
  for (int i = 0; i < 3; ++i) queue.Push(mine, 0);
  EXPECT_EQ(queue.Ahead(mine, all), 3U);
  for (int i = 0; i < 5; ++i) queue.Push({.flow = "other"}, 0);
  EXPECT_EQ(queue.Ahead(mine, all), 6U);
  EXPECT_EQ(queue.Ahead({.flow = "new"}, all), 2U);
}

TEST(FairQueue, AheadOfLessUrgentWorkIsNoMoreThanItsPatience) {
  constexpr unsigned kPatience = FairQueue<int>::kPatience;
  const auto all = [](int) { return true; };
  const Share bulk{.priority = Priority::kBulk, .flow = "mine"};
  FairQueue<int> queue;
  for (unsigned i = 0; i < 4 * kPatience; ++i) queue.Push({.priority = Priority::kInteractive, .flow = "x"}, 0);
  EXPECT_EQ(queue.Ahead(bulk, all), kPatience);
  // Behind another, which has waited for a while.
  queue.Push({.priority = Priority::kBulk, .flow = "other"}, 0);
  for (unsigned i = 0; i < 4; ++i) queue.Pop();
  EXPECT_EQ(queue.Ahead(bulk, all), kPatience - 4 + 1 + kPatience);
}

// Runs out of memory when it is copied into the queue.
struct Unlucky {
  explicit Unlucky(bool unlucky) : number(unlucky ? -1 : 7), left(unlucky ? 0 : 1'000) {}
  Unlucky(const Unlucky& other) : number(other.number), left(other.left - 1) {
    if (left < 0) throw std::bad_alloc();
  }
  int number;
  int left;
};

// A flow that nobody would ever serve must not stay behind: its caller's next item goes into it.
TEST(FairQueue, StaysAsItWasWhenAnItemCannotBePushed) {
  FairQueue<Unlucky> queue;
  EXPECT_THROW(queue.Push({.flow = "a"}, Unlucky(true)), std::bad_alloc);
  EXPECT_TRUE(queue.empty());
  queue.Push({.flow = "a"}, Unlucky(false));
  EXPECT_THROW(queue.Push({.flow = "a"}, Unlucky(true)), std::bad_alloc);
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.Pop().number, 7);
  EXPECT_TRUE(queue.empty());
}

TEST(FairQueue, HoldsWhatCannotBeCopied) {
  FairQueue<std::unique_ptr<int>> queue;
  queue.Push({.flow = "a"}, std::make_unique<int>(7));
  EXPECT_EQ(*queue.Pop(), 7);
}

}  // namespace
}  // namespace rootkeep
