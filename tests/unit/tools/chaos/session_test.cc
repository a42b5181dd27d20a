// Sessions that die, or are too many; logins that are refused.
#include "tests/unit/tools/chaos/module_fixture.h"

namespace rootkeep::chaos {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class SessionTest : public ModuleTest {
 protected:
  [[nodiscard]] CK_TOKEN_INFO TokenInfo() const {
    CK_TOKEN_INFO info{};
    EXPECT_EQ(module->C_GetTokenInfo(Slot(), &info), CKR_OK);
    return info;
  }
};

TEST_F(SessionTest, AllSessionsDieWithTheLogin) {
  const CK_SESSION_HANDLE first = OpenAndLogin();
  const CK_SESSION_HANDLE second = Open();
  const CK_OBJECT_HANDLE key = Find(second, CKO_PRIVATE_KEY, "signing");
  chaos.Set("lose-sessions C_Sign nth=2");
  EXPECT_EQ(Sign(first, key), CKR_OK);
  EXPECT_EQ(Sign(first, key), CKR_SESSION_HANDLE_INVALID);
  EXPECT_EQ(Random(second), CKR_SESSION_HANDLE_INVALID);
  EXPECT_EQ(module->C_CloseSession(second), CKR_SESSION_HANDLE_INVALID);
  EXPECT_THAT(chaos.Faults("lose-sessions"), ElementsAre(AllOf(Has("sessions", "2"), Has("call", "2"))));
  EXPECT_THAT(chaos.Faults("dead-session"), AllOf(SizeIs(3), Each(Has("rv", "CKR_SESSION_HANDLE_INVALID"))));

  const CK_SESSION_HANDLE third = Open();
  EXPECT_EQ(State(third), CKS_RW_PUBLIC_SESSION);  // the login is lost
  EXPECT_EQ(Login(third), CKR_OK);
  EXPECT_EQ(Random(first), CKR_SESSION_HANDLE_INVALID);  // for ever
  EXPECT_EQ(Sign(third, key), CKR_KEY_HANDLE_INVALID);   // handles of objects, too
  CK_ULONG size = 0;
  EXPECT_EQ(module->C_GetObjectSize(third, key, &size), CKR_OBJECT_HANDLE_INVALID);
  EXPECT_THAT(chaos.Faults("stale-object"),
              ElementsAre(Has("rv", "CKR_KEY_HANDLE_INVALID"), Has("rv", "CKR_OBJECT_HANDLE_INVALID")));
  const CK_OBJECT_HANDLE again = Find(third, CKO_PRIVATE_KEY, "signing");
  EXPECT_EQ(Sign(third, again), CKR_OK);
  EXPECT_EQ(Verify(third, "signing"), CKR_OK);
}

TEST_F(SessionTest, NoMoreSessionsThanTheLimit) {
  const CK_SLOT_ID slot = Slot();
  chaos.Set("session-limit 2");
  const CK_SESSION_HANDLE first = Open(slot);
  EXPECT_EQ(TryOpen(slot), CKR_OK);
  EXPECT_EQ(TryOpen(slot), CKR_SESSION_COUNT);
  EXPECT_EQ(module->C_CloseSession(first), CKR_OK);
  EXPECT_EQ(TryOpen(slot), CKR_OK);
  EXPECT_EQ(TryOpen(slot), CKR_SESSION_COUNT);
  EXPECT_EQ(module->C_CloseAllSessions(slot), CKR_OK);
  EXPECT_EQ(TryOpen(slot), CKR_OK);
  EXPECT_THAT(chaos.Faults("session-limit"), AllOf(SizeIs(2), Each(Has("rv", "CKR_SESSION_COUNT"))));
}

TEST_F(SessionTest, TheLimitIsAnnouncedOnlyIfAsked) {
  chaos.Set("session-limit 7");
  EXPECT_NE(TokenInfo().ulMaxSessionCount, 7U);
  chaos.Set("session-limit 7 announced");
  EXPECT_EQ(TokenInfo().ulMaxSessionCount, 7U);
  EXPECT_EQ(TokenInfo().ulMaxRwSessionCount, 7U);
}

TEST_F(SessionTest, TheTokenSaysHowFullItIs) {
  chaos.Set("token-memory 100 2000");
  EXPECT_EQ(TokenInfo().ulFreePrivateMemory, 100U);
  EXPECT_EQ(TokenInfo().ulTotalPrivateMemory, 2000U);
  EXPECT_EQ(TokenInfo().ulFreePublicMemory, 100U);
  EXPECT_EQ(TokenInfo().ulTotalPublicMemory, 2000U);
}

TEST_F(SessionTest, ChangedPinIsRefusedAndCounted) {
  const CK_SESSION_HANDLE session = Open();
  chaos.Set("refuse-pin attempts=3");
  EXPECT_EQ(TokenInfo().flags & CKF_USER_PIN_COUNT_LOW, 0U);
  EXPECT_EQ(Login(session), CKR_PIN_INCORRECT);
  EXPECT_NE(TokenInfo().flags & CKF_USER_PIN_COUNT_LOW, 0U);
  EXPECT_EQ(TokenInfo().flags & CKF_USER_PIN_FINAL_TRY, 0U);
  EXPECT_EQ(Login(session), CKR_PIN_INCORRECT);
  EXPECT_NE(TokenInfo().flags & CKF_USER_PIN_FINAL_TRY, 0U);
  EXPECT_EQ(TokenInfo().flags & CKF_USER_PIN_LOCKED, 0U);
  // A token remembers, whatever the application does.
  ASSERT_EQ(module->C_Finalize(nullptr), CKR_OK);
  Initialise();
  const CK_SESSION_HANDLE after = Open();
  EXPECT_EQ(Login(after), CKR_PIN_INCORRECT);
  EXPECT_EQ(Login(after), CKR_PIN_LOCKED);
  EXPECT_NE(TokenInfo().flags & CKF_USER_PIN_LOCKED, 0U);
  EXPECT_THAT(chaos.Faults("refuse-pin"),
              ElementsAre(AllOf(Has("attempt", "1"), Has("rv", "CKR_PIN_INCORRECT")), Has("attempt", "2"),
                          Has("attempt", "3"), AllOf(Has("attempt", "4"), Has("rv", "CKR_PIN_LOCKED"))));
  // The real token was never asked, so that its own count is as it was.
  chaos.Clear();
  EXPECT_EQ(TokenInfo().flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED), 0U);
  EXPECT_EQ(Login(after), CKR_OK);
}

TEST_F(SessionTest, RefusedPinWithoutAttemptsNeverLocks) {
  const CK_SESSION_HANDLE session = Open();
  chaos.Set("refuse-pin");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Login(session), CKR_PIN_INCORRECT);
  EXPECT_THAT(chaos.Faults("refuse-pin"), AllOf(SizeIs(20), Contains(Has("attempt", "20"))));
}

}  // namespace
}  // namespace rootkeep::chaos
