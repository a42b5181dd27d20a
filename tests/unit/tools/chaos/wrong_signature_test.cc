#include "tools/chaos/wrong_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rootkeep::chaos {
namespace {

using Kind = WrongSignature::Kind;
using ::testing::ElementsAre;

class WrongSignatureTest : public ::testing::Test {
 protected:
  // The signature 1 2 3 4 in a buffer of `room` octets; what is said to be its size of it, or the whole buffer.
  std::vector<CK_BYTE> Distorted(Kind kind, std::size_t room = 8) {
    buffer = {1, 2, 3, 4};
    buffer.resize(room, 9);
    result = Distort(kind, buffer.data(), 4, room);
    return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(result.size, room))};
  }

  std::vector<CK_BYTE> buffer;
  chaos::Distorted result;
};

TEST_F(WrongSignatureTest, Kinds) {
  EXPECT_THAT(Distorted(Kind::kFlip), ElementsAre(1, 2, 3, 5));
  EXPECT_THAT(Distorted(Kind::kShort), ElementsAre(1, 2, 3));
  EXPECT_THAT(Distorted(Kind::kLong), ElementsAre(0, 1, 2, 0, 3, 4));
  EXPECT_THAT(Distorted(Kind::kSwap), ElementsAre(3, 4, 1, 2));
  EXPECT_THAT(Distorted(Kind::kZeroR), ElementsAre(0, 0, 3, 4));
  EXPECT_THAT(Distorted(Kind::kZeroS), ElementsAre(1, 2, 0, 0));
  EXPECT_THAT(Distorted(Kind::kMax), ElementsAre(255, 255, 255, 255));
}

TEST_F(WrongSignatureTest, LongNeedsRoom) {
  Distorted(Kind::kLong, 5);
  EXPECT_EQ(result.rv, CKR_BUFFER_TOO_SMALL);
  EXPECT_EQ(result.size, 6U);
  EXPECT_THAT(buffer, ElementsAre(1, 2, 3, 4, 9));
}

TEST_F(WrongSignatureTest, OverrunOnlySaysThatItIsLongerThanTheBuffer) {
  Distorted(Kind::kOverrun);
  EXPECT_EQ(result.rv, CKR_OK);
  EXPECT_GT(result.size, 8U);
  EXPECT_THAT(buffer, ElementsAre(1, 2, 3, 4, 9, 9, 9, 9));
}

TEST_F(WrongSignatureTest, NothingStaysNothing) {
  for (const auto& [name, kind] : kSignatureKinds) {
    EXPECT_EQ(Distort(kind, nullptr, 0, 0).size, 0U) << name;
  }
}

}  // namespace
}  // namespace rootkeep::chaos
