// Codes and losses that a call gets over by itself, and what each costs.
#include <p11-kit/pkcs11.h>

#include <future>
#include <thread>
#include <vector>

#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/token.h"
#include "tests/unit/keystore/pkcs11/token_fixture.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::Call;
using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::SoftHsm;

class RecoveryTest : public TokenFixture {
 protected:
  void SetUp() override {
    TokenFixture::SetUp();
    ASSERT_THAT(Sign(), IsOk());
    probe->Reset();
  }
};

struct CodeCase {
  const char* name;
  CK_RV rv;
  bool reinitialises;
};

class OneFailureTest : public RecoveryTest, public ::testing::WithParamInterface<CodeCase> {};

TEST_P(OneFailureTest, IsNotSeenByTheCaller) {
  probe->Fail(Call::kSign, GetParam().rv);
  EXPECT_THAT(SignAndVerify(), IsOk());
  EXPECT_EQ(Calls(Call::kInitialize), GetParam().reinitialises ? 1U : 0U);
}

INSTANTIATE_TEST_SUITE_P(Codes, OneFailureTest,
                         ::testing::Values(CodeCase{"SessionHandleInvalid", CKR_SESSION_HANDLE_INVALID, false},
                                           CodeCase{"SessionClosed", CKR_SESSION_CLOSED, false},
                                           CodeCase{"KeyHandleInvalid", CKR_KEY_HANDLE_INVALID, false},
                                           CodeCase{"ObjectHandleInvalid", CKR_OBJECT_HANDLE_INVALID, false},
                                           CodeCase{"UserNotLoggedIn", CKR_USER_NOT_LOGGED_IN, false},
                                           CodeCase{"OperationActive", CKR_OPERATION_ACTIVE, false},
                                           CodeCase{"GeneralError", CKR_GENERAL_ERROR, false},
                                           CodeCase{"FunctionFailed", CKR_FUNCTION_FAILED, false},
                                           CodeCase{"VendorDefined", CKR_VENDOR_DEFINED + 7, false},
                                           CodeCase{"DeviceError", CKR_DEVICE_ERROR, false},
                                           CodeCase{"DeviceRemoved", CKR_DEVICE_REMOVED, true},
                                           CodeCase{"TokenNotPresent", CKR_TOKEN_NOT_PRESENT, true}),
                         [](const auto& param) { return param.param.name; });

TEST_F(RecoveryTest, ItsMutexesAreGivenToTheModuleEachTime) {
  EXPECT_TRUE(probe->mutexes_given);
  probe->Fail(Call::kSign, CKR_DEVICE_REMOVED);
  EXPECT_THAT(SignAndVerify(), IsOk());
  EXPECT_EQ(Calls(Call::kInitialize), 1U);
  EXPECT_TRUE(probe->mutexes_given);
}

class AmbiguousCodeTest : public RecoveryTest, public ::testing::WithParamInterface<CK_RV> {};

// First the token is asked whether it answers.
TEST_P(AmbiguousCodeTest, ReinitialisesAtOnceWhenTheTokenDoesNotAnswer) {
  probe->Fail(Call::kSign, GetParam());
  probe->Fail(Call::kGetTokenInfo, CKR_TOKEN_NOT_PRESENT);
  EXPECT_THAT(SignAndVerify(), IsOk());
  EXPECT_EQ(Calls(Call::kInitialize), 1U);
}

TEST_P(AmbiguousCodeTest, ReinitialisesWhenItRepeats) {
  probe->Fail(Call::kSign, GetParam(), 2);
  EXPECT_THAT(SignAndVerify(), IsOk());
  EXPECT_EQ(Calls(Call::kInitialize), 1U);
}

INSTANTIATE_TEST_SUITE_P(Codes, AmbiguousCodeTest,
                         ::testing::Values(CKR_DEVICE_ERROR, CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED),
                         [](const auto& param) { return std::string(CkrName(param.param)); });

TEST_F(RecoveryTest, ATokenThatOnlyFailsIsReportedAfterThreeTries) {
  probe->Fail(Call::kSign, CKR_DEVICE_ERROR, 1000);
  const auto status = Sign();
  EXPECT_THAT(status, HasCode(Code::kUnavailable));
  EXPECT_EQ(status.error().native().name, "CKR_DEVICE_ERROR");
  EXPECT_EQ(Calls(Call::kSign), 3U);
}

TEST_F(RecoveryTest, AFaultOfTheCallerIsNotTriedAgain) {
  probe->Fail(Call::kSignInit, CKR_MECHANISM_INVALID, 1000);
  EXPECT_THAT(Sign(), HasCode(Code::kUnimplemented));
  EXPECT_EQ(Calls(Call::kSignInit), 1U);
}

TEST_F(RecoveryTest, ATokenOutOfSessionsPushesBack) {
  probe->Fail(Call::kSignInit, CKR_OPERATION_ACTIVE, 1);  // loses the only session
  probe->Fail(Call::kOpenSession, CKR_SESSION_COUNT, 1000);
  const auto status = Sign();
  EXPECT_THAT(status, HasCode(Code::kResourceExhausted));
  EXPECT_THAT(status, HasReason("sessions"));
  probe->Reset();
  EXPECT_THAT(SignAndVerify(), IsOk());
}

TEST_F(RecoveryTest, SurvivesALogoutByOthers) {
  {
    ASSERT_OK_AND_ASSIGN(const auto use, hsm.module()->Enter(Soon()));
    ASSERT_OK_AND_ASSIGN(const Token token, FindToken(use, {.label = SoftHsm::kLabel}));
    CK_SESSION_HANDLE session = 0;
    ASSERT_EQ(use->C_OpenSession(token.slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session), CKR_OK);
    ASSERT_EQ(use->C_Logout(session), CKR_OK);
  }
  EXPECT_THAT(SignAndVerify(), IsOk());
  EXPECT_EQ(Calls(Call::kLogin), 1U);
  EXPECT_EQ(Calls(Call::kInitialize), 0U);
}

// Whoever comes meanwhile waits for it.
TEST_F(RecoveryTest, OneLoginIsEnoughForAll) {
  probe->Fail(Call::kSignInit, CKR_USER_NOT_LOGGED_IN);
  probe->Stall(Call::kLogin);
  std::vector<std::jthread> callers;
  callers.emplace_back([this] { EXPECT_THAT(SignAndVerify(), IsOk()); });
  probe->AwaitStalled(Call::kLogin);
  for (int i = 0; i < 8; ++i) callers.emplace_back([this] { EXPECT_THAT(SignAndVerify(), IsOk()); });
  probe->Release(Call::kLogin);
  callers.clear();
  EXPECT_EQ(Calls(Call::kLogin), 1U);
}

TEST_F(RecoveryTest, SurvivesAllSessionsBeingClosed) {
  {
    ASSERT_OK_AND_ASSIGN(const auto use, hsm.module()->Enter(Soon()));
    ASSERT_OK_AND_ASSIGN(const Token token, FindToken(use, {.label = SoftHsm::kLabel}));
    ASSERT_EQ(use->C_CloseAllSessions(token.slot), CKR_OK);
  }
  EXPECT_THAT(SignAndVerify(), IsOk());
}

TEST_F(RecoveryTest, SurvivesAFinaliseByOthers) {
  {
    ASSERT_OK_AND_ASSIGN(const auto use, hsm.module()->Enter(Soon()));
    ASSERT_EQ(use->C_Finalize(nullptr), CKR_OK);
  }
  EXPECT_THAT(SignAndVerify(), IsOk());
}

TEST_F(RecoveryTest, ACallThatHangsHoldsUpNobodyBeyondTheirDeadline) {
  probe->Stall(Call::kSign);
  std::thread hung([this] { EXPECT_THAT(Sign(), IsOk()); });
  probe->AwaitStalled(Call::kSign);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(Sign(After(std::chrono::milliseconds(100))), HasReason("deadline"));
  // The module must be reinitialised and cannot, because a call is inside.
  probe->Fail(Call::kGetTokenInfo, CKR_DEVICE_REMOVED, 1);
  const auto status = store->health()->Probe(After(std::chrono::milliseconds(100)));
  EXPECT_THAT(status, HasCode(Code::kUnavailable));
  EXPECT_THAT(status, HasReason("module_busy"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
  EXPECT_EQ(Calls(Call::kFinalize), 0U);
  probe->Release(Call::kSign);
  hung.join();
  EXPECT_TRUE(Eventually([this] { return SignAndVerify().ok(); }));
}

// Its sessions do not end then, also those of connections that somebody had while that was tried.
TEST_F(RecoveryTest, AModuleThatWillNotBeFinalisedKeepsNoSession) {
  const auto open = [this] { return Calls(Call::kOpenSession) - Calls(Call::kCloseSession); };
  const unsigned before = open();
  auto other = hsm.OpenStore();
  ASSERT_THAT(other->health()->Probe(Soon()), IsOk());
  const unsigned with_other = open();
  ASSERT_GT(with_other, before);
  probe->Fail(Call::kFinalize, CKR_FUNCTION_FAILED, 1000);
  probe->Fail(Call::kSign, CKR_DEVICE_REMOVED);
  EXPECT_THAT(SignAndVerify(), IsOk());
  EXPECT_EQ(Calls(Call::kFinalize), 1U);
  ASSERT_THAT(other->health()->Probe(Soon()), IsOk());
  EXPECT_EQ(open(), with_other);
  other.reset();
  EXPECT_EQ(open(), before);
}

// What it does not do when it is asked first it is asked again.
TEST_F(RecoveryTest, AModuleThatCouldNotBeFinalisedIsFinalisedLater) {
  probe->Fail(Call::kFinalize, CKR_FUNCTION_FAILED);
  probe->Fail(Call::kInitialize, CKR_FUNCTION_FAILED);
  probe->Fail(Call::kSign, CKR_DEVICE_REMOVED);
  EXPECT_THAT(Sign(), HasReason("module_down"));
  EXPECT_TRUE(Eventually([this] { return SignAndVerify().ok(); }));
  EXPECT_EQ(Calls(Call::kFinalize), 2U);
}

TEST_F(RecoveryTest, ASessionThatIsNotClosedAtOnceIsClosedWithTheNext) {
  probe->Fail(Call::kSignInit, CKR_OPERATION_ACTIVE);
  probe->Fail(Call::kCloseSession, CKR_FUNCTION_FAILED);
  EXPECT_THAT(SignAndVerify(), IsOk());
  EXPECT_EQ(Calls(Call::kOpenSession), 1U);
  EXPECT_EQ(Calls(Call::kCloseSession), 2U);
}

TEST_F(RecoveryTest, ASessionThatIsNotClosedAtOnceIsClosedByAProbe) {
  probe->Fail(Call::kSignInit, CKR_OPERATION_ACTIVE);
  probe->Fail(Call::kCloseSession, CKR_FUNCTION_FAILED, 2);
  EXPECT_THAT(SignAndVerify(), IsOk());
  EXPECT_EQ(Calls(Call::kCloseSession), 2U);
  EXPECT_THAT(store->health()->Probe(Soon()), IsOk());
  EXPECT_EQ(Calls(Call::kCloseSession), 3U);
  EXPECT_THAT(store->health()->Probe(Soon()), IsOk());
  EXPECT_EQ(Calls(Call::kCloseSession), 3U);
}

// It cannot close its sessions while the module is closed, and the module is not finalised after all.
TEST_F(RecoveryTest, AConnectionThatEndsInTheMiddleOfThatLeavesNoSession) {
  const auto open = [this] { return Calls(Call::kOpenSession) - Calls(Call::kCloseSession); };
  const unsigned before = open();
  auto other = hsm.OpenStore();
  ASSERT_THAT(other->health()->Probe(Soon()), IsOk());
  ASSERT_GT(open(), before);
  probe->Stall(Call::kSign);
  std::thread hung([this] { EXPECT_THAT(Sign(), IsOk()); });
  probe->AwaitStalled(Call::kSign);
  auto closing = std::async(std::launch::async, [this] {
    return hsm.module()->Reinitialise(hsm.module()->epoch(), After(std::chrono::seconds(1)));
  });
  EXPECT_TRUE(Eventually([this] { return !hsm.module()->Enter(std::chrono::steady_clock::now()).ok(); }));
  other.reset();
  EXPECT_THAT(closing.get(), HasReason("module_busy"));
  probe->Release(Call::kSign);
  hung.join();
  // The next connection closes them.
  other = hsm.OpenStore();
  ASSERT_THAT(other->health()->Probe(Soon()), IsOk());
  other.reset();
  EXPECT_EQ(open(), before);
}

}  // namespace
}  // namespace rootkeep::pkcs11
