#include "keystore/circuit_breaker.h"

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using std::chrono::milliseconds;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

const Error kAway = Unavailable("the device is away").WithReason("token_absent");

class CircuitBreakerTest : public ::testing::Test {
 protected:
  // One caller who comes now and finds the device away; whether it was let through.
  bool LookInVain() {
    auto pass = breaker_.Enter(now_);
    if (!pass.ok()) return false;
    pass->Failed(kAway, now_);
    return true;
  }

  CircuitBreaker breaker_{milliseconds(25), milliseconds(100)};
  CircuitBreaker::Time now_{std::chrono::hours(1)};
};

TEST_F(CircuitBreakerTest, LetsEverybodyThroughWhileTheDeviceWorks) {
  auto first = breaker_.Enter(now_);
  auto second = breaker_.Enter(now_);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  first->Worked();
  EXPECT_FALSE(breaker_.failure(now_));
}

TEST_F(CircuitBreakerTest, RefusesAtOnceWithTheFailureAndTheTimeUntilTheNextLook) {
  ASSERT_TRUE(LookInVain());
  now_ += milliseconds(5);
  const auto refused = breaker_.Enter(now_);
  EXPECT_THAT(refused, HasCode(Code::kUnavailable));
  EXPECT_THAT(refused, HasReason("token_absent"));
  EXPECT_EQ(refused.error().retry_after(), milliseconds(20));
}

TEST_F(CircuitBreakerTest, LetsOneAtATimeLook) {
  ASSERT_TRUE(LookInVain());
  now_ += milliseconds(25);
  {
    const auto probe = breaker_.Enter(now_);
    ASSERT_THAT(probe, IsOk());
    EXPECT_THAT(breaker_.Enter(now_), HasReason("token_absent"));
  }
  // That one learnt nothing: the next may look.
  EXPECT_THAT(breaker_.Enter(now_), IsOk());
}

TEST_F(CircuitBreakerTest, WaitsLongerAfterEachVainLookUpToALimit) {
  ASSERT_TRUE(LookInVain());
  for (const auto pause : {milliseconds(25), milliseconds(50), milliseconds(100), milliseconds(100)}) {
    now_ += pause - milliseconds(1);
    EXPECT_FALSE(LookInVain()) << pause.count();
    now_ += milliseconds(1);
    EXPECT_TRUE(LookInVain()) << pause.count();
  }
}

TEST_F(CircuitBreakerTest, ServesAgainAfterOneThatWorkedAndForgetsItsPauses) {
  ASSERT_TRUE(LookInVain());
  now_ += milliseconds(25);
  ASSERT_TRUE(LookInVain());
  now_ += milliseconds(50);
  {
    auto probe = breaker_.Enter(now_);
    ASSERT_THAT(probe, IsOk());
    probe->Worked();
  }
  EXPECT_THAT(breaker_.Enter(now_), IsOk());
  ASSERT_TRUE(LookInVain());
  EXPECT_EQ(breaker_.failure(now_)->retry_after(), milliseconds(25));
}

TEST_F(CircuitBreakerTest, FailuresOfThoseWhoCameBeforeMakeThePauseNoLonger) {
  auto first = breaker_.Enter(now_);
  auto second = breaker_.Enter(now_);
  first->Failed(kAway, now_);
  second->Failed(kAway, now_ + milliseconds(20));
  EXPECT_EQ(breaker_.failure(now_)->retry_after(), milliseconds(25));
  now_ += milliseconds(25);
  EXPECT_TRUE(LookInVain());
}

}  // namespace
}  // namespace rootkeep
