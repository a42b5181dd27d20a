#include "tools/chaos/sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace rootkeep::chaos {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SessionsTest : public ::testing::Test {
 protected:
  CK_SESSION_HANDLE Open(CK_SLOT_ID slot, CK_SESSION_HANDLE real) {
    EXPECT_TRUE(sessions.Reserve(slot, std::nullopt));
    return sessions.Settle(slot, real);
  }

  std::vector<CK_SESSION_HANDLE> closed;
  Sessions sessions{[this](CK_SESSION_HANDLE session) { closed.push_back(session); }};
};

TEST_F(SessionsTest, HandlesLeadToRealOnes) {
  const auto first = Open(0, 70);
  const auto second = Open(1, 71);
  EXPECT_NE(first, second);
  EXPECT_EQ(sessions.Enter(first)->real(), 70U);
  EXPECT_EQ(sessions.Enter(second)->slot(), 1U);
  EXPECT_FALSE(sessions.Enter(70));
}

TEST_F(SessionsTest, KilledSessionsAreClosedAndNeverComeBack) {
  const auto first = Open(0, 70);
  const auto other = Open(1, 71);
  EXPECT_EQ(sessions.Kill(0), 1U);
  EXPECT_THAT(closed, ElementsAre(70));
  EXPECT_FALSE(sessions.Enter(first));
  EXPECT_EQ(sessions.SlotOfDead(first), 0U);
  EXPECT_TRUE(sessions.Enter(other));
  EXPECT_NE(Open(0, 70), first);
  EXPECT_FALSE(sessions.Enter(first));
  sessions.Forget(first);
  EXPECT_EQ(sessions.SlotOfDead(first), std::nullopt);
}

TEST_F(SessionsTest, ASessionInUseIsClosedWhenItsCallReturns) {
  const auto session = Open(0, 70);
  {
    const auto lease = sessions.Enter(session);
    EXPECT_EQ(sessions.Kill(std::nullopt), 1U);
    EXPECT_FALSE(sessions.Enter(session));
    EXPECT_THAT(closed, IsEmpty());
  }
  EXPECT_THAT(closed, ElementsAre(70));
}

TEST_F(SessionsTest, OpeningWaitsUntilTheDeadAreClosed) {
  auto lease = sessions.Enter(Open(0, 70));
  sessions.Kill(0);
  std::atomic<bool> started = false;
  std::atomic<bool> opened = false;
  std::thread opener([&] {
    started = true;
    Open(0, 71);
    opened = true;
  });
  while (!started) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) {  // for as long as it takes to get it wrong
    std::this_thread::yield();
    ASSERT_FALSE(opened);
  }
  EXPECT_TRUE(sessions.Reserve(1, std::nullopt));  // other slots do not wait
  lease.reset();
  opener.join();
  EXPECT_THAT(closed, ElementsAre(70));
}

TEST_F(SessionsTest, ALimitHoldsForEachSlot) {
  const auto first = Open(0, 70);
  Open(0, 71);
  EXPECT_FALSE(sessions.Reserve(0, 2));
  EXPECT_TRUE(sessions.Reserve(1, 2));
  sessions.Forget(first);
  EXPECT_TRUE(sessions.Reserve(0, 2));
  EXPECT_FALSE(sessions.Reserve(0, 2));
  sessions.Cancel(0);
  EXPECT_TRUE(sessions.Reserve(0, 2));
  sessions.ForgetSlot(0);
  EXPECT_TRUE(sessions.Reserve(0, 2));
}

TEST_F(SessionsTest, ObjectsFromBeforeALossAreStale) {
  const auto before = sessions.Enter(Open(0, 70))->ShownObject(5);
  EXPECT_EQ(before, 5U);
  sessions.Kill(0);
  const auto lease = sessions.Enter(Open(0, 71));
  EXPECT_EQ(lease->RealObject(before), std::nullopt);
  const auto now = lease->ShownObject(5);
  EXPECT_NE(now, before);
  EXPECT_EQ(lease->RealObject(now), 5U);
  EXPECT_EQ(lease->RealObject(CK_INVALID_HANDLE), CK_INVALID_HANDLE);
  EXPECT_EQ(sessions.Enter(Open(1, 72))->RealObject(5), 5U);  // another slot's are not
}

}  // namespace
}  // namespace rootkeep::chaos
