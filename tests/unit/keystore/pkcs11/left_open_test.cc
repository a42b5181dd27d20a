// Which sessions are still to be closed, after how the module has fared.
#include "keystore/pkcs11/left_open.h"

#include <gmock/gmock.h>

namespace rootkeep::pkcs11 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(LeftOpen, GivesEachOutOnce) {
  LeftOpen left;
  left.Add(3, 70);
  left.Add(3, 71);
  EXPECT_THAT(left.Take(3), ElementsAre(70, 71));
  EXPECT_THAT(left.Take(3), IsEmpty());
}

TEST(LeftOpen, ForgetsWhatEndedWithTheModule) {
  LeftOpen left;
  left.Add(3, 70);
  left.Add(4, 71);
  left.Add(5, 72);
  EXPECT_THAT(left.Take(4), ElementsAre(71, 72));
  EXPECT_THAT(left.Take(0), IsEmpty());
}

TEST(LeftOpen, DoesNotGrowWithoutEnd) {
  LeftOpen left;
  for (std::uint64_t session = 0; session < LeftOpen::kMost + 2; ++session) left.Add(1, session);
  const auto taken = left.Take(1);
  EXPECT_THAT(taken, SizeIs(LeftOpen::kMost));
  EXPECT_EQ(taken.front(), 2U);
}

}  // namespace
}  // namespace rootkeep::pkcs11
