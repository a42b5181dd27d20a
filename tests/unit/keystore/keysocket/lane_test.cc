#include "keystore/keysocket/server/lane.h"

#include "tests/support/matchers.h"

namespace rootkeep::keysocket {
namespace {

using TestLane = Lane<std::string>;

TestLane::Job JobOf(const std::string& owner, const void* group) { return {.owner = owner, .group = group}; }

TEST(KeySocketLane, CallersWaitInTurnAndAGroupHasHalfOfThePlaces) {
  TestLane lane(1, 6);
  const int group = 0;
  const int other = 0;
  const auto enter = [&lane](const std::string& owner, const void* of) {
    return lane.Enter({.priority = Priority::kInteractive, .flow = owner}, of, 1, [&] { return JobOf(owner, of); });
  };
  ASSERT_THAT(enter("first", &group), testing::IsOk());
  for (const char* owner : {"many", "many", "few"}) {
    const auto mine = enter(owner, &group);
    ASSERT_THAT(mine, testing::IsOk());
    EXPECT_FALSE(*mine);
  }
  const auto full = enter("late", &group);
  EXPECT_THAT(full, testing::HasReason("queue_full"));
  EXPECT_THAT(enter("another", &other), testing::IsOk()) << "the other group's places are its own";
  EXPECT_EQ(lane.waiting(), 4U);
  std::vector<std::string> order;
  while (auto job = lane.Next()) order.push_back(job->owner);
  EXPECT_EQ(order, (std::vector<std::string>{"many", "few", "another", "many"}));
  const auto again = enter("first", &group);
  ASSERT_THAT(again, testing::IsOk());
  EXPECT_TRUE(*again) << "the room was given back";
}

// A device's own limit may change while calls wait for it.
TEST(KeySocketLane, HasAsManyThreadsAsAreOfUse) {
  TestLane lane(3, 6);
  const auto enter = [&lane](unsigned useful) {
    const auto mine = lane.Enter({}, nullptr, useful, [] { return JobOf("waits", nullptr); });
    EXPECT_THAT(mine, testing::IsOk());
    return mine.ok() && *mine;
  };
  EXPECT_TRUE(enter(1));
  EXPECT_FALSE(enter(1));
  EXPECT_TRUE(enter(2));
  EXPECT_TRUE(enter(9)) << "and there is one thread more";
  EXPECT_FALSE(enter(9)) << "there are no more threads";
  EXPECT_FALSE(enter(1));
  ASSERT_EQ(lane.waiting(), 3U);
  EXPECT_FALSE(lane.Next()) << "two threads too many";
  EXPECT_FALSE(lane.Next());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(lane.Next()) << "the last one does all that waits";
  EXPECT_FALSE(lane.Next());
  EXPECT_TRUE(enter(1));
}

}  // namespace
}  // namespace rootkeep::keysocket
