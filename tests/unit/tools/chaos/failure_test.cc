// Calls that fail, and the process that ends.
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/tools/chaos/module_fixture.h"

namespace rootkeep::chaos {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FailureTest : public ModuleTest {};

TEST_F(FailureTest, WithoutScenarioEverythingIsForwarded) {
  const CK_SESSION_HANDLE session = OpenAndLogin();
  EXPECT_EQ(State(session), CKS_RW_USER_FUNCTIONS);
  ASSERT_EQ(Sign(session, Find(session, CKO_PRIVATE_KEY, "signing")), CKR_OK);
  EXPECT_EQ(Verify(session, "signing"), CKR_OK);
  EXPECT_EQ(Verify(session, "decoy"), CKR_SIGNATURE_INVALID);
  EXPECT_EQ(module->C_CloseSession(session), CKR_OK);
  EXPECT_EQ(module->C_CloseSession(session), CKR_SESSION_HANDLE_INVALID);
  CK_ULONG slots = 0;
  EXPECT_EQ(module->C_GetSlotList(CK_FALSE, nullptr, &slots), CKR_OK);
  EXPECT_EQ(slots, 2U);  // SoftHSM always has one more
  for (const auto& event : chaos.Log()) EXPECT_THAT(event, Has("event", "scenario"));
}

TEST_F(FailureTest, FailsTheNthCall) {
  const CK_SESSION_HANDLE session = Open();
  chaos.Set("fail C_GenerateRandom CKR_DEVICE_ERROR nth=2");
  EXPECT_EQ(Random(session), CKR_OK);
  EXPECT_EQ(Random(session), CKR_DEVICE_ERROR);
  EXPECT_EQ(Random(session), CKR_OK);
  EXPECT_THAT(
      chaos.Faults("fail"),
      ElementsAre(AllOf(Has("event", "fault"), Has("line", "1"), Has("call", "2"), Has("function", "C_GenerateRandom"),
                        Has("session", std::to_string(session)), Has("rv", "CKR_DEVICE_ERROR"))));
}

TEST_F(FailureTest, FailsEveryNthCallUntilItsTimesAreOver) {
  const CK_SESSION_HANDLE session = Open();
  chaos.Set("fail C_GenerateRandom 0x80000abc every=2 times=2");
  std::vector<CK_RV> answers;
  for (int i = 0; i < 8; ++i) answers.push_back(Random(session));
  EXPECT_THAT(answers, ElementsAre(0, 0x80000abc, 0, 0x80000abc, 0, 0, 0, 0));
  EXPECT_THAT(chaos.Faults("fail"), ElementsAre(Has("call", "2"), AllOf(Has("call", "4"), Has("rv", "0x80000abc"))));
}

TEST_F(FailureTest, FailsAFractionOfCallsThatTheSeedChooses) {
  const CK_SESSION_HANDLE session = Open();
  const auto failed = [&](const std::string& seed) {
    chaos.Set("seed " + seed + "\nfail C_GenerateRandom CKR_GENERAL_ERROR chance=0.3 quiet");
    std::vector<int> calls;
    for (int i = 0; i < 200; ++i) {
      if (Random(session) == CKR_GENERAL_ERROR) calls.push_back(i);
    }
    return calls;
  };
  const auto first = failed("1");
  EXPECT_GT(first.size(), 30U);
  EXPECT_LT(first.size(), 90U);
  EXPECT_EQ(failed("1"), first);
  EXPECT_NE(failed("2"), first);
  EXPECT_THAT(chaos.Faults("fail"), IsEmpty());  // quiet
}

TEST_F(FailureTest, AStarIsEveryFunction) {
  const CK_SESSION_HANDLE session = Open();
  chaos.Set("fail * CKR_FUNCTION_FAILED");
  CK_INFO info{};
  EXPECT_EQ(module->C_GetInfo(&info), CKR_FUNCTION_FAILED);
  EXPECT_EQ(Random(session), CKR_FUNCTION_FAILED);
  EXPECT_EQ(module->C_Finalize(nullptr), CKR_FUNCTION_FAILED);
  EXPECT_THAT(chaos.Faults("fail"), AllOf(SizeIs(3), Each(Has("rv", "CKR_FUNCTION_FAILED"))));
}

TEST_F(FailureTest, TheLibraryIsDescribedAsChaosAndTheRestAsTheRealModule) {
  CK_INFO info{};
  ASSERT_EQ(module->C_GetInfo(&info), CKR_OK);
  const auto text = [](const auto& field) { return std::string(std::begin(field), std::end(field)); };
  EXPECT_EQ(text(info.libraryDescription), "rootkeep-chaos                  ");
  EXPECT_EQ(text(info.manufacturerID), "SoftHSM                         ");
  EXPECT_EQ(module->C_GetInfo(nullptr), CKR_ARGUMENTS_BAD);
}

TEST_F(FailureTest, ModuleIsInitialisedAgainAndCountersGoOn) {
  chaos.Set("fail C_Initialize CKR_CANT_LOCK nth=2");
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  for (const CK_RV expected : {CKR_OK, CKR_CANT_LOCK, CKR_OK}) {
    module->C_Finalize(nullptr);
    EXPECT_EQ(module->C_Initialize(&arguments), expected);
  }
  EXPECT_EQ(Random(Open()), CKR_OK);
  EXPECT_THAT(chaos.Faults("fail"), ElementsAre(Has("function", "C_Initialize")));
}

TEST_F(FailureTest, ArgumentsOfInitialiseReachTheModule) {
  ASSERT_EQ(module->C_Finalize(nullptr), CKR_OK);
  CK_C_INITIALIZE_ARGS arguments{};
  int reserved = 0;
  arguments.pReserved = &reserved;
  EXPECT_EQ(module->C_Initialize(&arguments), CKR_ARGUMENTS_BAD);
  CK_INFO info{};
  EXPECT_EQ(module->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
}

TEST_F(FailureTest, CrashEndsTheProcessAndIsInTheLog) {
  const CK_SESSION_HANDLE session = Open();
  chaos.Set("crash C_GenerateRandom nth=2");
  EXPECT_EXIT(
      {
        const rlimit no_core{};
        setrlimit(RLIMIT_CORE, &no_core);
        (void)Random(session);
        (void)Random(session);
      },
      ::testing::KilledBySignal(SIGABRT), "");
  EXPECT_THAT(chaos.Faults("crash"), ElementsAre(AllOf(Has("function", "C_GenerateRandom"), Has("call", "2"))));
}

}  // namespace
}  // namespace rootkeep::chaos
