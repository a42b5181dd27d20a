#include "signer/node/refusal_log.h"

#include <gtest/gtest.h>

namespace rootkeep {
namespace {

const Deadline kStart = Deadline(std::chrono::hours(1));

TEST(RefusalLog, SaysHowManyHadNoLine) {
  RefusalLog log({.per_minute = 60, .burst = 2});
  EXPECT_EQ(log.Admit(kStart), 0U);
  EXPECT_EQ(log.Admit(kStart), 0U);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(log.Admit(kStart));
  EXPECT_EQ(log.Admit(kStart + std::chrono::seconds(1)), 3U);
  EXPECT_EQ(log.Admit(kStart + std::chrono::seconds(2)), 0U);
}

}  // namespace
}  // namespace rootkeep
