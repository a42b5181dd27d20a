#include "signer/node/rate_limit.h"

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using std::chrono::seconds;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

constexpr RateRule kTwelve{.per_minute = 12, .burst = 3};
const Deadline kStart = Deadline(std::chrono::hours(1));

TEST(RateLimit, GivesABurstAndThenARate) {
  RateLimit limit(kTwelve, 10);
  for (int i = 0; i < 3; ++i) EXPECT_THAT(limit.Take("a", kStart), IsOk()) << i;
  const Status refused = limit.Take("a", kStart);
  EXPECT_THAT(refused, HasCode(Code::kResourceExhausted));
  EXPECT_THAT(refused, HasReason("rate"));
  EXPECT_EQ(refused.error().retry_after(), seconds(5));
  EXPECT_THAT(limit.Take("a", kStart + seconds(4)), HasReason("rate"));
  EXPECT_THAT(limit.Take("a", kStart + seconds(5)), IsOk());
  EXPECT_THAT(limit.Take("a", kStart + seconds(5)), HasReason("rate"));
}

TEST(RateLimit, WhoIsRefusedPaysNothing) {
  RateLimit limit(kTwelve, 10);
  for (int i = 0; i < 100; ++i) (void)limit.Take("a", kStart);
  EXPECT_THAT(limit.Take("a", kStart + seconds(5)), IsOk());
}

TEST(RateLimit, SparesTheOthers) {
  RateLimit limit(kTwelve, 10);
  for (int i = 0; i < 100; ++i) (void)limit.Take("a", kStart);
  EXPECT_THAT(limit.Take("b", kStart), IsOk());
}

TEST(RateLimit, RemembersNoMoreThanItMay) {
  RateLimit limit(kTwelve, 10);
  for (int i = 0; i < 1000; ++i) EXPECT_THAT(limit.Take(std::to_string(i), kStart), IsOk());
  EXPECT_LE(limit.size(), 10U);
  // Those that are idle go first.
  for (int i = 0; i < 3; ++i) ASSERT_THAT(limit.Take("busy", kStart + seconds(60)), IsOk());
  for (int i = 0; i < 9; ++i) ASSERT_THAT(limit.Take("x" + std::to_string(i), kStart + seconds(60)), IsOk());
  EXPECT_THAT(limit.Take("busy", kStart + seconds(60)), HasReason("rate"));
}

TEST(NetworkOf, IsTheAddressOrItsNetwork) {
  EXPECT_EQ(NetworkOf("ipv4:10.0.0.9:40404"), "ipv4:10.0.0.9");
  EXPECT_EQ(NetworkOf("ipv6:[2001:db8:1:2::9]:1"), NetworkOf("ipv6:%5B2001:db8:1:2:ffff::1%5D:2"));
  EXPECT_NE(NetworkOf("ipv6:[2001:db8:1:2::9]:1"), NetworkOf("ipv6:[2001:db8:1:3::9]:1"));
  EXPECT_EQ(NetworkOf("ipv6:%5Bfe80::1%25eth0%5D:1"), NetworkOf("ipv6:[fe80::2]:7"));
  EXPECT_NE(NetworkOf("ipv6:[::ffff:10.0.0.9]:1"), NetworkOf("ipv6:[::ffff:10.0.0.8]:1")) << "IPv4 in IPv6's clothes";
  EXPECT_EQ(NetworkOf("unix:/run/x.sock"), "unix:/run/x.sock");
  EXPECT_EQ(NetworkOf("ipv6:nonsense"), "ipv6:nonsense");
  EXPECT_EQ(NetworkOf(""), "");
}

}  // namespace
}  // namespace rootkeep
