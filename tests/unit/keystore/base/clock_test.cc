#include "keystore/base/clock.h"

#include <gtest/gtest.h>

#include <limits>

namespace rootkeep {
namespace {

TEST(ClockTest, UnixSecondsRoundTrip) {
  for (const std::int64_t seconds : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1'800'000'000}}) {
    EXPECT_EQ(ToUnixSeconds(FromUnixSeconds(seconds)), seconds);
  }
  EXPECT_EQ(ToRfc3339(FromUnixSeconds(1'795'514'400)), "2026-11-24T10:00:00Z");
}

TEST(ClockTest, FractionsRoundDown) {
  EXPECT_EQ(ToUnixSeconds(FromUnixSeconds(7) + std::chrono::milliseconds(999)), 7);
  EXPECT_EQ(ToUnixSeconds(FromUnixSeconds(-7) - std::chrono::milliseconds(1)), -8);
}

TEST(ClockTest, FarTimesSaturateInsteadOfWrapping) {
  const std::int64_t end_of_9999 = 253'402'300'799;  // RFC 5280 §4.1.2.5: no well-defined expiration
  EXPECT_GT(FromUnixSeconds(end_of_9999), FromUnixSeconds(9'000'000'000));
  EXPECT_EQ(FromUnixSeconds(std::numeric_limits<std::int64_t>::max()), FromUnixSeconds(end_of_9999));
  EXPECT_LT(FromUnixSeconds(std::numeric_limits<std::int64_t>::min()), FromUnixSeconds(-9'000'000'000));
}

}  // namespace
}  // namespace rootkeep
