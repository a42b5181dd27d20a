#include "keystore/pkcs11/renewal_limit.h"

#include <gtest/gtest.h>

namespace rootkeep::pkcs11 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const RenewalLimit::Time kStart{std::chrono::hours(1)};

TEST(RenewalLimit, IsOpenAtOnceAndThenEveryTenSeconds) {
  RenewalLimit limit;
  EXPECT_TRUE(limit.Take(/*serves_others=*/false, kStart));
  EXPECT_FALSE(limit.Take(false, kStart));
  EXPECT_FALSE(limit.Take(false, kStart + milliseconds(9'999)));
  EXPECT_TRUE(limit.Take(false, kStart + seconds(10)));
  EXPECT_FALSE(limit.Take(false, kStart + milliseconds(19'999)));
}

TEST(RenewalLimit, SparesATokenThatServesOthersButNotForEver) {
  RenewalLimit limit;
  EXPECT_TRUE(limit.Take(/*serves_others=*/true, kStart));
  EXPECT_FALSE(limit.Take(true, kStart + milliseconds(59'999)));
  EXPECT_TRUE(limit.Take(true, kStart + seconds(60)));
  // A refusal does not count: as soon as the token serves nobody, ten seconds are enough.
  EXPECT_FALSE(limit.Take(true, kStart + milliseconds(69'999)));
  EXPECT_TRUE(limit.Take(false, kStart + seconds(70)));
}

// Also in the first minute after the machine started, when the clock itself is below the pause.
TEST(RenewalLimit, DoesNotDependOnWhereTheClockBegan) {
  RenewalLimit limit;
  EXPECT_TRUE(limit.Take(/*serves_others=*/true, RenewalLimit::Time{seconds(1)}));
}

}  // namespace
}  // namespace rootkeep::pkcs11
