#include "signer/der/writer.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/matchers.h"

namespace rootkeep::der {
namespace {

std::string Written(const std::function<void(Writer&)>& write) {
  Writer writer;
  write(writer);
  return ToHex(std::move(writer).Finish());
}

TEST(DerWriter, NestsAndFillsInLengths) {
  EXPECT_EQ(Written([](Writer& w) {
              w.Sequence([&] {
                w.Integer(5);
                w.Nested(kSet, [&] { w.Null(); });
                w.True();
              });
            }),
            "300a02010531020500"
            "0101ff");
}

TEST(DerWriter, LengthsOfEverySize) {
  for (const std::size_t size : {0UL, 1UL, 127UL, 128UL, 255UL, 256UL, 65535UL, 65536UL, 70000UL}) {
    const Bytes content(size, 0xab);
    Writer nested;
    nested.Nested(kOctetString, [&] { nested.Raw(content); });
    Writer primitive;
    primitive.Primitive(kOctetString, content);
    const Bytes out = std::move(nested).Finish();
    EXPECT_EQ(out, std::move(primitive).Finish());
    const auto back = Only(out, kOctetString);
    ASSERT_TRUE(back.has_value()) << size;
    EXPECT_EQ(ToBytes(*back), content);
  }
}

TEST(DerWriter, IntegersAreMinimalAndPositive) {
  EXPECT_EQ(Written([](Writer& w) { w.Integer(0); }), "020100");
  EXPECT_EQ(Written([](Writer& w) { w.Integer(127); }), "02017f");
  EXPECT_EQ(Written([](Writer& w) { w.Integer(128); }), "02020080");
  EXPECT_EQ(Written([](Writer& w) { w.Integer(0xffffffff); }), "020500ffffffff");
}

TEST(DerWriter, BitStringsSayThatNoBitIsUnused) {
  EXPECT_EQ(Written([](Writer& w) { w.BitString(FromHex("a5").value()); }), "030200a5");
}

}  // namespace
}  // namespace rootkeep::der
