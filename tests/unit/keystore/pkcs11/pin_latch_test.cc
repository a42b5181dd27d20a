// That a refused PIN stays refused: across restarts, crashes and whatever the record's file has come to hold.
#include "keystore/pkcs11/pin_latch.h"

#include <p11-kit/pkcs11.h>

#include <filesystem>

#include "keystore/base/file.h"
#include "keystore/pkcs11/pin_record_file.h"
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
  ASSERT_THAT(Again().Forget(kToken), IsOk());
  EXPECT_THAT(Again().Begin(kToken), IsOk());
}

TEST_F(Recorded, WhatCannotBePutOnRecordIsNotTried) {
  ASSERT_THAT(WriteFileAtomically(directory(), "a file", 0600), IsOk());
  EXPECT_FALSE(Again().Begin(kToken).ok());
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
    ASSERT_THAT(store->health()->Probe(Soon()), HasReason("pin_latched")) << restart;
    logins += LoadedProbe()[Call::kLogin].calls;
  }
  EXPECT_EQ(logins, 1U);
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
