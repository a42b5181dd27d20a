#include "keystore/base/bytes.h"

#include <gtest/gtest.h>

namespace rootkeep {
namespace {

TEST(Hex, RoundTripsAndRefusesTheRest) {
  EXPECT_EQ(ToHex(Bytes{0x00, 0x7f, 0xff}), "007fff");
  EXPECT_EQ(FromHex("007fFF"), (Bytes{0x00, 0x7f, 0xff}));
  EXPECT_EQ(FromHex("0"), std::nullopt);
  EXPECT_EQ(FromHex("0g"), std::nullopt);
}

TEST(Base64, MatchesRfc4648Vectors) {
  EXPECT_EQ(ToBase64(AsBytes("")), "");
  EXPECT_EQ(ToBase64(AsBytes("f")), "Zg==");
  EXPECT_EQ(ToBase64(AsBytes("fo")), "Zm8=");
  EXPECT_EQ(ToBase64(AsBytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(FromBase64("Zm8="), ToBytes(AsBytes("fo")));
  EXPECT_EQ(FromBase64("Zm8"), std::nullopt);
  EXPECT_EQ(FromBase64("Zm9="), std::nullopt) << "trailing bits are not zero";
}

TEST(Base64Url, IsUnpaddedAndStrict) {
  EXPECT_EQ(ToBase64Url(Bytes{0xfb, 0xff}), "-_8");
  EXPECT_EQ(FromBase64Url("-_8"), (Bytes{0xfb, 0xff}));
  EXPECT_EQ(FromBase64Url("-_8="), std::nullopt);
  EXPECT_EQ(FromBase64Url("+/8"), std::nullopt);
  EXPECT_EQ(FromBase64Url("A"), std::nullopt);
}

}  // namespace
}  // namespace rootkeep
