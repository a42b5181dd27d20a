#include "keystore/fair_queue.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
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

TEST(FairQueue, HoldsWhatCannotBeCopied) {
  FairQueue<std::unique_ptr<int>> queue;
  queue.Push({.flow = "a"}, std::make_unique<int>(7));
  EXPECT_EQ(*queue.Pop(), 7);
}

}  // namespace
}  // namespace rootkeep
