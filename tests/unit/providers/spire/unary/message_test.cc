#include "providers/spire/unary/message.h"

#include <gtest/gtest.h>

namespace rootkeep::spire::unary {
namespace {

std::string Framed(std::string_view message) {
  std::string out;
  AppendMessage(out, message);
  return out;
}

TEST(GrpcMessage, IsWhatWasFramed) {
  for (const std::string& message : {std::string(), std::string("x"), std::string(70'000, 'm')}) {
    const std::string body = Framed(message);
    const auto read = OnlyMessage(body);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(*read, message);
  }
  EXPECT_EQ(Framed("abc"), std::string("\0\0\0\0\3abc", 8));
  EXPECT_EQ(Framed(std::string(0x10203, 'm')).substr(0, kPrefixSize), std::string("\0\0\1\2\3", 5));
}

TEST(GrpcMessage, IsAllOfTheBody) {
  const std::string body = Framed("abc");
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_EQ(OnlyMessage(body.substr(0, size)).error().code(), Code::kInternal) << size;
  }
  EXPECT_EQ(OnlyMessage(body + "x").error().code(), Code::kInternal);
  EXPECT_EQ(OnlyMessage(body + body).error().code(), Code::kInternal);
  EXPECT_EQ(OnlyMessage("\xff\xff\xff\xff\xff").error().code(), Code::kUnimplemented);
}

TEST(GrpcMessage, IsNotInflated) {
  std::string body = Framed("abc");
  body[0] = 1;
  EXPECT_EQ(OnlyMessage(body).error().code(), Code::kUnimplemented);
}

TEST(GrpcText, IsPrintableAsciiOnly) {
  EXPECT_EQ(EncodeText("no such key \"a\""), "no such key \"a\"");
  EXPECT_EQ(EncodeText("100%\r\n\xc3\xa9\x7f"), "100%25%0D%0A%C3%A9%7F");
}

TEST(GrpcText, IsCutToWhatGoesOut) {
  EXPECT_EQ(EncodeText(std::string(kMaxText, 'x')), std::string(kMaxText, 'x'));
  EXPECT_EQ(EncodeText(std::string(kMaxText + 1, 'x')), std::string(kMaxText, 'x'));
  const std::string escaped = EncodeText(std::string(100'000, '\n'));
  EXPECT_EQ(escaped.size(), kMaxText / 3 * 3);
  EXPECT_TRUE(escaped.ends_with("%0A"));
}

TEST(GrpcTimeout, IsANumberAndItsUnit) {
  using std::chrono::nanoseconds;
  EXPECT_EQ(ParseTimeout("1H"), std::chrono::hours(1));
  EXPECT_EQ(ParseTimeout("2M"), std::chrono::minutes(2));
  EXPECT_EQ(ParseTimeout("03S"), std::chrono::seconds(3));
  EXPECT_EQ(ParseTimeout("99999999m"), std::chrono::milliseconds(99'999'999));
  EXPECT_EQ(ParseTimeout("5u"), std::chrono::microseconds(5));
  EXPECT_EQ(ParseTimeout("0n"), nanoseconds(0));
  EXPECT_EQ(ParseTimeout("99999999H"), kLongestTimeout) << "more than there are nanoseconds for";
}

TEST(GrpcTimeout, IsNothingElse) {
  for (const char* value : {"", "S", "1", "1s", "1 S", "+1S", "-1S", "1.5S", "0x1S", "1SS", "100000000S", "Ã©S"}) {
    EXPECT_EQ(ParseTimeout(value), std::nullopt) << value;
  }
}

}  // namespace
}  // namespace rootkeep::spire::unary
