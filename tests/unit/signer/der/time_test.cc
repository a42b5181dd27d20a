#include "signer/der/time.h"

#include <gtest/gtest.h>

namespace rootkeep::der {
namespace {

constexpr std::int64_t k1950 = -631152000;
constexpr std::int64_t k2050 = 2524608000;
constexpr std::int64_t k2262 = 9214646400;

std::string Written(std::int64_t seconds) {
  Writer writer;
  if (!WriteTime(writer, FromUnixSeconds(seconds))) return "refused";
  const Bytes out = std::move(writer).Finish();
  return std::string(AsText(ByteView(out).subspan(2)));
}

std::optional<std::int64_t> Read(std::uint8_t tag, std::string_view text) {
  const auto time = ReadTime({tag, AsBytes(text), {}});
  if (!time) return std::nullopt;
  return ToUnixSeconds(*time);
}

TEST(DerTime, UtcTimeUntil2049AndGeneralizedTimeAfter) {
  EXPECT_EQ(Written(0), "700101000000Z");
  EXPECT_EQ(Written(k1950), "500101000000Z");
  EXPECT_EQ(Written(k2050 - 1), "491231235959Z");
  EXPECT_EQ(Written(k2050), "20500101000000Z");
  EXPECT_EQ(Written(k2262 - 1), "22611231235959Z");
  EXPECT_EQ(Written(k1950 - 1), "refused");
  EXPECT_EQ(Written(k2262), "refused");
}

TEST(DerTime, FractionsAreDropped) {
  Writer writer;
  ASSERT_TRUE(WriteTime(writer, FromUnixSeconds(7) + std::chrono::milliseconds(999)));
  EXPECT_EQ(AsText(ByteView(std::move(writer).Finish()).subspan(2)), "700101000007Z");
}

TEST(DerTime, ReadsWhatItWrites) {
  for (const std::int64_t at : {k1950, -1L, 0L, 951782399L, 951782400L, k2050 - 1, k2050, k2262 - 1}) {
    Writer writer;
    ASSERT_TRUE(WriteTime(writer, FromUnixSeconds(at)));
    const Bytes out = std::move(writer).Finish();
    const auto back = ReadTime(Reader(out).Take().value());
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(ToUnixSeconds(*back), at);
  }
}

TEST(DerTime, RefusesOtherForms) {
  EXPECT_EQ(Read(kUtcTime, "700101000001Z"), 1);
  for (const char* bad : {"7001010000Z", "700101000000", "700101000000+0000", "701301000000Z", "700230000000Z",
                          "700101240000Z", "700101006000Z", "700101000060Z", "70010100000aZ", "700101000000ZZ", ""}) {
    EXPECT_FALSE(Read(kUtcTime, bad).has_value()) << bad;
  }
  EXPECT_FALSE(Read(kGeneralizedTime, "20260101000000Z").has_value());  // RFC 5280 wants UTCTime
  EXPECT_FALSE(Read(kGeneralizedTime, "20500101000000.5Z").has_value());
  EXPECT_FALSE(Read(kGeneralizedTime, "22620101000000Z").has_value());
  EXPECT_FALSE(Read(kOctetString, "700101000000Z").has_value());
}

}  // namespace
}  // namespace rootkeep::der
