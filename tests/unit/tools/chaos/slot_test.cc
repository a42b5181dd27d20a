// Slots that have other numbers than before.
#include "tests/unit/tools/chaos/module_fixture.h"

namespace rootkeep::chaos {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class SlotTest : public ModuleTest {
 protected:
  SlotTest() { hsm.AddToken("second"); }
};

TEST_F(SlotTest, SlotsAreOfferedUnderTheirNewNumbers) {
  const CK_SLOT_ID first = Slot();
  const CK_SLOT_ID second = Slot("second");
  const CK_SLOT_ID empty = Slots().back();  // of a token that SoftHSM has not initialised
  const CK_SESSION_HANDLE session = Open(first);
  chaos.Set("slot 7=" + std::to_string(first) + "\nslot-offset 1000");
  EXPECT_THAT(Slots(), UnorderedElementsAre(7, second + 1000, empty + 1000));
  EXPECT_EQ(Slot(), 7U);
  EXPECT_EQ(Slot("second"), second + 1000);
  EXPECT_EQ(TryOpen(first), CKR_SLOT_ID_INVALID);
  CK_TOKEN_INFO token{};
  EXPECT_EQ(module->C_GetTokenInfo(second, &token), CKR_SLOT_ID_INVALID);
  CK_SESSION_INFO info{};
  EXPECT_EQ(module->C_GetSessionInfo(session, &info), CKR_OK);  // sessions live on
  EXPECT_EQ(info.slotID, 7U);
  EXPECT_EQ(module->C_GetSessionInfo(Open(second + 1000), &info), CKR_OK);
  EXPECT_EQ(info.slotID, second + 1000);
  EXPECT_THAT(chaos.Faults("renumber"), SizeIs(1));
  EXPECT_THAT(chaos.Faults("renumbered-slot"),
              AllOf(Each(Has("rv", "CKR_SLOT_ID_INVALID")),
                    Contains(AllOf(Has("function", "C_OpenSession"), Has("slot", std::to_string(first)))),
                    Contains(AllOf(Has("function", "C_GetTokenInfo"), Has("slot", std::to_string(second))))));
}

TEST_F(SlotTest, TwoTokensChangePlaces) {
  const CK_SLOT_ID first = Slot();
  const CK_SLOT_ID second = Slot("second");
  chaos.Set("slot " + std::to_string(first) + "=" + std::to_string(second) + "\nslot " + std::to_string(second) + "=" +
            std::to_string(first));
  EXPECT_EQ(Slot(), second);
  EXPECT_EQ(Slot("second"), first);
}

TEST_F(SlotTest, AShortListIsToldItsLength) {
  chaos.Set("slot-offset 1");
  CK_SLOT_ID one = 0;
  CK_ULONG count = 1;
  EXPECT_EQ(module->C_GetSlotList(CK_TRUE, &one, &count), CKR_BUFFER_TOO_SMALL);
  EXPECT_EQ(count, 3U);
  EXPECT_EQ(module->C_GetSlotList(CK_TRUE, nullptr, nullptr), CKR_ARGUMENTS_BAD);
}

}  // namespace
}  // namespace rootkeep::chaos
