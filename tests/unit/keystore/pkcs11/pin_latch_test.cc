// That a refused PIN stays refused: across restarts, crashes and whatever the record's file has come to hold.
#include "keystore/pkcs11/pin_latch.h"

#include <p11-kit/pkcs11.h>

#include <filesystem>

#include "keystore/base/file.h"
#include "keystore/pkcs11/pin_record_file.h"
#include "keystore/pkcs11/token.h"
#include "tests/unit/keystore/pkcs11/token_fixture.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::Call;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::LoadedProbe;
using rootkeep::testing::ProbeModulePath;
using rootkeep::testing::Says;
using rootkeep::testing::SoftHsm;
using rootkeep::testing::TempDir;
using ::testing::Not;

const DeviceInfo kToken{.label = "ca", .serial = "0a1b", .manufacturer = "maker", .model = "model"};
const DeviceInfo kOther{.label = "ca", .serial = "0a1c", .manufacturer = "maker", .model = "model"};

class Recorded : public ::testing::Test {
 protected:
  [[nodiscard]] std::string directory() const { return state_ / "pins"; }
  [[nodiscard]] std::string file() const { return directory() + "/" + *PinRecordName(kToken); }
  // As after a restart.
  [[nodiscard]] PinLatch Again() const { return PinLatch(directory()); }

  const TempDir state_;
};

TEST_F(Recorded, ARefusalOutlivesTheProcess) {
  PinLatch first(directory());
  ASSERT_THAT(first.Begin(kToken), IsOk());
  first.Refused(kToken, "CKR_PIN_INCORRECT");
  EXPECT_THAT(Again().Begin(kToken), HasReason("pin_latched"));
  EXPECT_THAT(Again().Begin(kToken), Says("CKR_PIN_INCORRECT"));
  EXPECT_THAT(Again().Begin(kOther), IsOk());
}

TEST_F(Recorded, AnOperatorsActCountsAtOnce) {
  PinLatch running(directory());
  ASSERT_THAT(running.Begin(kToken), IsOk());
  running.Refused(kToken, "CKR_PIN_INCORRECT");
  ASSERT_THAT(Again().Forget(kToken), IsOk());
  EXPECT_THAT(running.Begin(kToken), IsOk());
}

TEST_F(Recorded, AGoodLoginLeavesNothing) {
  PinLatch latch(directory());
  for (int i = 0; i < 5; ++i) {
    ASSERT_THAT(latch.Begin(kToken), IsOk());
    latch.Accepted(kToken);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory()));
}

TEST_F(Recorded, AProcessThatEndsDuringLoginLeavesADoubt) {
  EXPECT_THAT(Again().Begin(kToken), IsOk());
  EXPECT_THAT(Again().Begin(kToken), IsOk());
  EXPECT_THAT(Again().Begin(kToken), HasReason("pin_latched"));
}

// It may have been right: who is told so knows what to do.
TEST_F(Recorded, APinInDoubtIsNotCalledRefused) {
  ASSERT_THAT(Again().Begin(kToken), IsOk());
  ASSERT_THAT(Again().Begin(kToken), IsOk());
  const Status kept = Again().Begin(kToken);
  EXPECT_THAT(kept, HasReason("pin_latched"));
  EXPECT_THAT(kept, Says("2 logins in a row ended without the token's word on the PIN, which may be right or wrong"));
  EXPECT_THAT(kept, Says("no answer, token \"ca\", serial 0a1b"));
  EXPECT_THAT(kept, Says("see that the PIN in the PIN source is right, then: rootkeep pin unlatch"));
  EXPECT_THAT(kept, Not(Says("refused")));

  PinLatch latch(directory());
  ASSERT_THAT(Again().Forget(kToken), IsOk());
  ASSERT_THAT(latch.Begin(kToken), IsOk());
  latch.Refused(kToken, "CKR_PIN_INCORRECT");
  EXPECT_THAT(Again().Begin(kToken), Says("the PIN was refused before and is not sent again: CKR_PIN_INCORRECT"));
  EXPECT_THAT(Again().Begin(kToken),
              Says("rootkeep pin replace, or once the PIN source is right: rootkeep pin unlatch"));
}

// Without a directory nothing outlives the process, and no command reaches it.
TEST(Unrecorded, APinInDoubtIsSentAgainByARestart) {
  PinLatch latch;
  ASSERT_THAT(latch.Begin(kToken), IsOk());
  ASSERT_THAT(latch.Begin(kToken), IsOk());
  EXPECT_THAT(latch.Begin(kToken), Says("see that the PIN in the PIN source is right, then restart"));
}

// The tries are the token's, whosever PIN it was.
TEST_F(Recorded, AnOperatorsPinThatIsRefusedIsOnRecord) {
  PinLatch by_operator(directory(), PinSender::kOperator);
  ASSERT_THAT(by_operator.Begin(kToken), IsOk());
  by_operator.Refused(kToken, "CKR_PIN_INCORRECT");
  EXPECT_THAT(Again().Begin(kToken), HasReason("pin_latched"));
  EXPECT_THAT(Again().Begin(kToken), Says("CKR_PIN_INCORRECT to a new PIN"));
}

TEST_F(Recorded, AnOperatorsPinIsSentOnceWhateverIsOnRecord) {
  ASSERT_THAT(Again().Begin(kToken), IsOk());
  Again().Refused(kToken, "CKR_PIN_INCORRECT");
  PinLatch first(directory(), PinSender::kOperator);
  EXPECT_THAT(first.Begin(kToken), IsOk());
  first.NotJudged(kToken);
  EXPECT_THAT(first.Begin(kToken), IsOk());
  EXPECT_TRUE(first.Doubtful(kToken, "CKR_GENERAL_ERROR"));
  EXPECT_THAT(first.Begin(kToken), HasReason("pin_latched"));
  EXPECT_THAT(first.Begin(kToken), Says("the new PIN was sent once, and nobody knows the answer"));

  // Whoever reads the old one must not send it before the new one is there.
  PinLatch second(directory(), PinSender::kOperator);
  ASSERT_THAT(second.Begin(kToken), IsOk());
  second.Accepted(kToken);
  EXPECT_THAT(Again().Begin(kToken), HasReason("pin_latched"));
  ASSERT_THAT(second.Forget(kToken), IsOk());
  EXPECT_THAT(Again().Begin(kToken), IsOk());
}

// As when the connection is lost after the login: the token's word is known.
TEST_F(Recorded, AnOperatorsPinThatTheTokenTookIsSentAgainAfterAReconnect) {
  PinLatch latch(directory(), PinSender::kOperator);
  for (int i = 0; i < 3; ++i) {
    ASSERT_THAT(latch.Begin(kToken), IsOk()) << i;
    latch.Accepted(kToken);
  }
  ASSERT_OK_AND_ASSIGN(const auto record, Again().Find(kToken));
  EXPECT_EQ(record->doubtful, 1U) << "until it is where programs read it";
  ASSERT_THAT(latch.Begin(kToken), IsOk());
  EXPECT_FALSE(latch.Doubtful(kToken, "CKR_GENERAL_ERROR"));
  EXPECT_THAT(latch.Begin(kToken), HasReason("pin_latched"));
}

TEST_F(Recorded, AnOperatorsPinThatWasRefusedIsSaidToBe) {
  PinLatch latch(directory(), PinSender::kOperator);
  ASSERT_THAT(latch.Begin(kToken), IsOk());
  latch.Refused(kToken, "CKR_PIN_INCORRECT");
  EXPECT_THAT(latch.Begin(kToken), HasReason("pin_latched"));
  EXPECT_THAT(latch.Begin(kToken), Says("the new PIN was sent once, and refused: CKR_PIN_INCORRECT to a new PIN"));
  EXPECT_THAT(latch.Begin(kToken), Not(Says("nobody knows")));

  // Somebody else's, of which the token has told only now.
  PinLatch next(directory(), PinSender::kOperator);
  next.Refused(kToken, "no answer, but the token has counted a wrong PIN");
  EXPECT_THAT(next.Begin(kToken), IsOk());
}

// Of that, too, nobody knows the end.
TEST_F(Recorded, AnOperatorWhoseProcessEndsDuringLoginLeavesADoubt) {
  EXPECT_THAT(PinLatch(directory(), PinSender::kOperator).Begin(kToken), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto record, Again().Find(kToken));
  EXPECT_EQ(record->doubtful, 1U);
}

TEST_F(Recorded, WhatTheTokenDidNotJudgeDoesNotCount) {
  PinLatch latch(directory());
  for (int i = 0; i < 5; ++i) {
    ASSERT_THAT(latch.Begin(kToken), IsOk());
    latch.NotJudged(kToken);
  }
  ASSERT_THAT(latch.Begin(kToken), IsOk());
  EXPECT_FALSE(latch.Doubtful(kToken, "CKR_GENERAL_ERROR"));
  ASSERT_THAT(latch.Begin(kToken), IsOk());
  latch.NotJudged(kToken);
  ASSERT_THAT(latch.Begin(kToken), IsOk());
  EXPECT_TRUE(latch.Doubtful(kToken, "CKR_GENERAL_ERROR"));
}

TEST_F(Recorded, AFileThatIsNotARecordKeepsThePinBack) {
  ASSERT_THAT(MakeDirectory(directory(), 0700), IsOk());
  for (const char* text : {"", "1\n", "2\nrefused\n\n", "1\ndoubtful\n", "1\ndoubtful -1\n", "1\ndoubtful 1x\n"}) {
    ASSERT_THAT(WriteFileAtomically(file(), text, 0600), IsOk());
    EXPECT_THAT(Again().Begin(kToken), HasReason("pin_latched")) << text;
  }
  // With a new PIN there is a way out that does not send the old one.
  EXPECT_THAT(PinLatch(directory(), PinSender::kOperator).Begin(kToken), IsOk());
  ASSERT_THAT(Again().Forget(kToken), IsOk());
  EXPECT_THAT(Again().Begin(kToken), IsOk());
}

TEST_F(Recorded, WhatCannotBePutOnRecordIsNotTried) {
  ASSERT_THAT(WriteFileAtomically(directory(), "a file", 0600), IsOk());
  EXPECT_FALSE(Again().Begin(kToken).ok());
  EXPECT_FALSE(PinLatch(directory(), PinSender::kOperator).Begin(kToken).ok());
}

// Every restart is a module and a latch of their own, as in a new process.
TEST(WrongPinAcrossRestarts, IsSentOnceInAHundred) {
  const TempDir state;
  SoftHsm hsm(ProbeModulePath());
  ASSERT_THAT(WriteFileAtomically(hsm.pin_file(), "000000\n", 0600), IsOk());
  unsigned logins = 0;
  for (int restart = 0; restart < 100; ++restart) {
    ASSERT_OK_AND_ASSIGN(const auto module,
                         Module::Load(hsm.module_config(), std::make_shared<PinLatch>(state / "pins")));
    LoadedProbe().Reset();
    ASSERT_THAT(module->Initialise(Soon()), IsOk());
    ASSERT_OK_AND_ASSIGN(const auto pin, PinSource::Parse(hsm.pin_source()));
    ASSERT_OK_AND_ASSIGN(const auto store, OpenStore(module, {.label = SoftHsm::kLabel}, pin));
    const Status latched = store->health()->Probe(Soon());
    ASSERT_THAT(latched, HasReason("pin_latched")) << restart;
    EXPECT_THAT(latched, Says("rootkeep pin unlatch")) << "a restart does not help";
    logins += LoadedProbe()[Call::kLogin].calls;
  }
  EXPECT_EQ(logins, 1U);
}

// As when the process that sent it was killed before it heard the answer.
TEST(WrongPinOfAProcessThatDied, IsNotSentAgainWhereTheTokenCountsThem) {
  const TempDir state;
  SoftHsm hsm(ProbeModulePath());
  ASSERT_THAT(WriteFileAtomically(hsm.pin_file(), "000000\n", 0600), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto module,
                       Module::Load(hsm.module_config(), std::make_shared<PinLatch>(state / "pins")));
  ASSERT_THAT(module->Initialise(Soon()), IsOk());
  {
    ASSERT_OK_AND_ASSIGN(const auto use, module->Enter(Soon()));
    ASSERT_OK_AND_ASSIGN(const Token token, FindToken(use, {.label = SoftHsm::kLabel}));
    ASSERT_THAT(PinLatch(state / "pins").Begin(token.device), IsOk());
    CK_SESSION_HANDLE session = 0;
    ASSERT_EQ(use->C_OpenSession(token.slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session), CKR_OK);
    Bytes wrong(6, '0');
    ASSERT_EQ(use->C_Login(session, CKU_USER, wrong.data(), wrong.size()), CKR_PIN_INCORRECT);
    ASSERT_EQ(use->C_CloseSession(session), CKR_OK);
  }
  LoadedProbe().Reset();
  ASSERT_OK_AND_ASSIGN(const auto pin, PinSource::Parse(hsm.pin_source()));
  ASSERT_OK_AND_ASSIGN(const auto store, OpenStore(module, {.label = SoftHsm::kLabel}, pin));
  const Status latched = store->health()->Probe(Soon());
  EXPECT_THAT(latched, HasReason("pin_latched"));
  EXPECT_THAT(latched, Says("the token has counted a wrong PIN"));
  EXPECT_EQ(LoadedProbe()[Call::kLogin].calls, 0U);
}

// SoftHSM counts wrong PINs in its token's flags: one answer in doubtful words is then enough.
TEST(WrongPinInDoubtfulWords, IsSentOnceWhereTheTokenCountsThem) {
  SoftHsm hsm(ProbeModulePath());
  ASSERT_THAT(WriteFileAtomically(hsm.pin_file(), "000000\n", 0600), IsOk());
  const auto store = hsm.OpenStore();
  LoadedProbe().Reset();
  LoadedProbe().Disguise(Call::kLogin, CKR_GENERAL_ERROR);
  EXPECT_THAT(store->health()->Probe(Soon()), HasReason("pin_latched"));
  EXPECT_EQ(LoadedProbe()[Call::kLogin].calls, 1U);
  LoadedProbe().Reset();
}

}  // namespace
}  // namespace rootkeep::pkcs11
