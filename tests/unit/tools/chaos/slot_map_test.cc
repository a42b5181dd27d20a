#include "tools/chaos/slot_map.h"

#include <gtest/gtest.h>

namespace rootkeep::chaos {
namespace {

TEST(SlotMap, ChangesNothingAsMade) {
  EXPECT_EQ(SlotMap().Shown(5), 5U);
  EXPECT_EQ(SlotMap().Real(5), 5U);
}

TEST(SlotMap, ShiftsWhatHasNoEntry) {
  SlotMap map;
  map.Shift(100);
  ASSERT_TRUE(map.Name(7, 0));
  EXPECT_EQ(map.Shown(0), 7U);
  EXPECT_EQ(map.Real(7), 0U);
  EXPECT_EQ(map.Shown(1), 101U);
  EXPECT_EQ(map.Real(101), 1U);
  EXPECT_EQ(map.Real(100), std::nullopt);  // slot 0 is 7 now
  EXPECT_EQ(map.Real(1), std::nullopt);
}

TEST(SlotMap, ATakenNumberHidesTheSlotThatHadIt) {
  SlotMap map;
  ASSERT_TRUE(map.Name(1, 0));
  EXPECT_EQ(map.Shown(1), std::nullopt);
  EXPECT_EQ(map.Real(1), 0U);
}

TEST(SlotMap, TwoSlotsSwap) {
  SlotMap map;
  ASSERT_TRUE(map.Name(1, 0));
  ASSERT_TRUE(map.Name(0, 1));
  EXPECT_EQ(map.Shown(0), 1U);
  EXPECT_EQ(map.Shown(1), 0U);
}

}  // namespace
}  // namespace rootkeep::chaos
