// Tokens that are taken out and come back.
#include <thread>

#include "tests/unit/tools/chaos/module_fixture.h"

namespace rootkeep::chaos {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class TokenTest : public ModuleTest {};

TEST_F(TokenTest, AwayItAnswersAsRemoved) {
  const CK_SLOT_ID slot = Slot();
  const CK_SESSION_HANDLE session = Open();
  chaos.Set("token-away");
  EXPECT_THAT(Slots(), IsEmpty());
  CK_ULONG count = 0;
  EXPECT_EQ(module->C_GetSlotList(CK_FALSE, nullptr, &count), CKR_OK);
  EXPECT_EQ(count, 2U);  // slots stay where they are
  CK_SLOT_INFO slot_info{};
  EXPECT_EQ(module->C_GetSlotInfo(slot, &slot_info), CKR_OK);
  EXPECT_EQ(slot_info.flags & CKF_TOKEN_PRESENT, 0U);
  CK_TOKEN_INFO token_info{};
  EXPECT_EQ(module->C_GetTokenInfo(slot, &token_info), CKR_TOKEN_NOT_PRESENT);
  EXPECT_EQ(module->C_GetMechanismList(slot, nullptr, &count), CKR_TOKEN_NOT_PRESENT);
  EXPECT_EQ(TryOpen(slot), CKR_TOKEN_NOT_PRESENT);
  EXPECT_EQ(Random(session), CKR_DEVICE_REMOVED);
  EXPECT_THAT(chaos.Faults("token-away"),
              AllOf(Contains(AllOf(Has("sessions", "1"), Has("line", "1"))),
                    Contains(AllOf(Has("function", "C_GetTokenInfo"), Has("rv", "CKR_TOKEN_NOT_PRESENT"))),
                    Contains(AllOf(Has("function", "C_OpenSession"), Has("rv", "CKR_TOKEN_NOT_PRESENT"))),
                    Contains(Has("function", "C_GetSlotList")), Contains(Has("function", "C_GetSlotInfo"))));
  EXPECT_THAT(chaos.Faults("dead-session"),
              ElementsAre(AllOf(Has("function", "C_GenerateRandom"), Has("rv", "CKR_DEVICE_REMOVED"))));
}

TEST_F(TokenTest, BackItHasForgottenSessionsLoginAndHandles) {
  const CK_SESSION_HANDLE before = OpenAndLogin();
  const CK_OBJECT_HANDLE key = Find(before, CKO_PRIVATE_KEY, "signing");
  chaos.Set("token-away sessions=CKR_TOKEN_NOT_PRESENT");
  EXPECT_EQ(Random(before), CKR_TOKEN_NOT_PRESENT);
  chaos.Clear();
  EXPECT_EQ(Random(before), CKR_SESSION_HANDLE_INVALID);
  const CK_SESSION_HANDLE after = Open();
  EXPECT_EQ(State(after), CKS_RW_PUBLIC_SESSION);
  EXPECT_EQ(Login(after), CKR_OK);
  EXPECT_EQ(Sign(after, key), CKR_KEY_HANDLE_INVALID);
  EXPECT_EQ(Sign(after, Find(after, CKO_PRIVATE_KEY, "signing")), CKR_OK);
  EXPECT_EQ(chaos.Faults("token-back").size(), 1U);
}

TEST_F(TokenTest, ASessionOpenedWhileItWentIsDeadToo) {
  const CK_SLOT_ID slot = Slot();
  chaos.Set("delay C_OpenSession 300ms");
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  std::thread opener([&] { session = Open(slot); });
  EXPECT_TRUE(Eventually([&] { return !chaos.Faults("delay").empty(); }));
  chaos.Set("token-away");
  EXPECT_THAT(Slots(), IsEmpty());
  opener.join();  // the call was inside and succeeds
  EXPECT_EQ(Random(session), CKR_DEVICE_REMOVED);
  chaos.Clear();
  EXPECT_EQ(Random(session), CKR_SESSION_HANDLE_INVALID);
}

class TwoTokensTest : public ModuleTest {
 protected:
  TwoTokensTest() { hsm.AddToken("second"); }
};

TEST_F(TwoTokensTest, OneIsAwayAndTheOtherWorks) {
  const CK_SLOT_ID first = Slot();
  const CK_SLOT_ID second = Slot("second");
  const CK_SESSION_HANDLE in_first = Open(first);
  const CK_SESSION_HANDLE in_second = Open(second);
  chaos.Set("token-away slot=" + std::to_string(first));
  EXPECT_THAT(Slots(), AllOf(Contains(second), Not(Contains(first))));
  EXPECT_EQ(Random(in_first), CKR_DEVICE_REMOVED);
  EXPECT_EQ(Random(in_second), CKR_OK);
  EXPECT_EQ(TryOpen(first), CKR_TOKEN_NOT_PRESENT);
  EXPECT_EQ(TryOpen(second), CKR_OK);
  EXPECT_THAT(chaos.Faults("token-away"), AllOf(Not(IsEmpty()), Each(Has("slot", std::to_string(first)))));
}

}  // namespace
}  // namespace rootkeep::chaos
