#include "signer/der/reader.h"

#include <gtest/gtest.h>

namespace rootkeep::der {
namespace {

Bytes Hex(std::string_view text) { return FromHex(text).value(); }

bool Takes(std::string_view hex) { return Reader(Hex(hex)).Take().has_value(); }

TEST(DerReader, TakesElementsInOrder) {
  const Bytes input =
      Hex("020105"
          "0400");
  Reader reader(input);
  EXPECT_TRUE(reader.NextIs(kInteger));
  EXPECT_FALSE(reader.Take(kOctetString).has_value());
  EXPECT_EQ(ToHex(reader.Take(kInteger).value()), "05");
  const Element last = reader.Take().value();
  EXPECT_EQ(last.tag, kOctetString);
  EXPECT_EQ(last.whole.size(), 2U);
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_FALSE(reader.Take().has_value());
}

TEST(DerReader, RefusesLengthsThatAreNotDer) {
  EXPECT_TRUE(Takes("0400"));
  EXPECT_FALSE(Takes("04"));
  EXPECT_FALSE(Takes("0401"));    // content missing
  EXPECT_FALSE(Takes("048100"));  // long form of zero
  EXPECT_FALSE(Takes("04817f" + std::string(254, '0')));
  EXPECT_TRUE(Takes("048180" + std::string(256, '0')));
  EXPECT_FALSE(Takes("04820080" + std::string(256, '0')));
  EXPECT_FALSE(
      Takes("308002010100"
            "00"));  // indefinite
  EXPECT_FALSE(Takes("0484ffffffff"));
  EXPECT_FALSE(Takes("04ff"));
  EXPECT_FALSE(Takes("1f0100"));  // tag number in more octets
}

TEST(DerReader, OnlyMeansNothingElse) {
  EXPECT_TRUE(Only(Hex("0500"), kNull).has_value());
  EXPECT_FALSE(Only(Hex("050000"), kNull).has_value());
  EXPECT_FALSE(Only(Hex("0500"), kOid).has_value());
  EXPECT_FALSE(Only({}, kNull).has_value());
}

TEST(DerReader, UnsignedIntegersAreMinimalAndPositive) {
  EXPECT_EQ(ToHex(UnsignedInteger(Hex("00ff")).value()), "ff");
  EXPECT_EQ(ToHex(UnsignedInteger(Hex("7f")).value()), "7f");
  EXPECT_EQ(ToHex(UnsignedInteger(Hex("00")).value()), "00");
  for (const char* bad : {"", "80", "ff", "0001", "007f", "ff80"}) {
    EXPECT_FALSE(UnsignedInteger(Hex(bad)).has_value()) << bad;
  }
}

TEST(DerReader, BitStringsOfWholeOctets) {
  EXPECT_EQ(ToHex(BitStringOctets(Hex("00a5")).value()), "a5");
  EXPECT_FALSE(BitStringOctets(Hex("01a4")).has_value());
  EXPECT_FALSE(BitStringOctets({}).has_value());
}

TEST(DerReader, ObjectIdentifiers) {
  EXPECT_TRUE(IsOid(Hex("551d11")));
  EXPECT_TRUE(IsOid(Hex("2a8648")));
  for (const char* bad : {"", "80", "5580", "558001", "551d91"}) EXPECT_FALSE(IsOid(Hex(bad))) << bad;
}

TEST(DerReader, Utf8IsUnicode) {
  for (const char* good : {"", "61", "c3a9", "e282ac", "ed9fbf", "ee8080", "f09f9880", "f48fbfbf"}) {
    EXPECT_TRUE(IsUtf8(Hex(good))) << good;
  }
  for (const char* bad : {"80", "c3", "c0af", "c1bf", "e08080", "eda080", "edbfbf", "f0808080", "f4908080", "f5808080",
                          "ff", "e282", "c361", "e28261"}) {
    EXPECT_FALSE(IsUtf8(Hex(bad))) << bad;
  }
}

bool WellFormed(std::string_view hex, int depth = 4) {
  const Bytes input = Hex(hex);
  return IsWellFormed(Reader(input).Take().value(), depth);
}

TEST(DerReader, WellFormedReachesInside) {
  EXPECT_TRUE(
      WellFormed("30073105020105"
                 "0500"));
  EXPECT_TRUE(WellFormed("3003020105"));
  EXPECT_FALSE(WellFormed("300402020005"));  // padded integer
  EXPECT_FALSE(WellFormed("3003010101"));    // a truth value neither 0 nor 255
  EXPECT_FALSE(WellFormed("30020501"));
  EXPECT_FALSE(
      WellFormed("240304010"
                 "0"));  // constructed string
  EXPECT_FALSE(WellFormed("0000"));
  EXPECT_FALSE(
      WellFormed("100"
                 "0"));                  // primitive sequence
  EXPECT_FALSE(WellFormed("03020701"));  // unused bits not zero
  EXPECT_FALSE(WellFormed("030108"));
  EXPECT_FALSE(WellFormed("1e0100"));
  EXPECT_TRUE(WellFormed("800102"));
}

TEST(DerReader, WellFormedStopsAtItsDepth) {
  EXPECT_TRUE(
      WellFormed("3002"
                 "3000",
                 3));
  EXPECT_FALSE(
      WellFormed("3004"
                 "3002"
                 "3000",
                 3));
}

}  // namespace
}  // namespace rootkeep::der
