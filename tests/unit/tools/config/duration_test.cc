#include "tools/config/duration.h"

#include "tests/support/matchers.h"

namespace rootkeep::config {
namespace {

using rootkeep::testing::HasCode;

TEST(ParseDurationTest, Units) {
  EXPECT_EQ(ParseDuration("10s").value().count(), 10);
  EXPECT_EQ(ParseDuration("5m").value().count(), 300);
  EXPECT_EQ(ParseDuration("24h").value().count(), 86'400);
  EXPECT_EQ(ParseDuration("90d").value().count(), 90 * 86'400);
  EXPECT_EQ(ParseDuration("1d2h3m4s").value().count(), 86'400 + 7'200 + 180 + 4);
  EXPECT_EQ(ParseDuration("1h30s").value().count(), 3'630);
  EXPECT_EQ(ParseDuration("0s").value().count(), 0);
}

TEST(ParseDurationTest, Refuses) {
  for (const std::string_view text :
       {"", "s", "10", "10 s", " 10s", "10s ", "-10s", "+10s", "1.5h", "10S", "10ms", "1m1h", "1h1h", "10x", "s10",
        "9223372036854775807d", "99999999999999999999s", "40000d", "36600d1s"}) {
    EXPECT_THAT(ParseDuration(text), HasCode(Code::kInvalidArgument)) << text;
  }
}

TEST(FormatDurationTest, ReadsBack) {
  for (const std::string_view text : {"0s", "1s", "1m30s", "24h", "90d", "1d2h3m4s"}) {
    const auto duration = ParseDuration(text).value();
    EXPECT_EQ(ParseDuration(FormatDuration(duration)).value(), duration);
  }
  EXPECT_EQ(FormatDuration(std::chrono::hours(24 * 90)), "90d");
}

}  // namespace
}  // namespace rootkeep::config
