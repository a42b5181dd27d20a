// Where PINs come from, and that a wrong one is sent once.
#include <p11-kit/pkcs11.h>
#include <sys/stat.h>

#include "keystore/base/file.h"
#include "tests/unit/keystore/pkcs11/token_fixture.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::Call;
using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::LoadedProbe;
using rootkeep::testing::ProbeModulePath;
using rootkeep::testing::Says;
using rootkeep::testing::SoftHsm;
using rootkeep::testing::TempDir;

TEST(WrongPin, IsSentOnceByTheWholeProcess) {
  SoftHsm hsm(ProbeModulePath());
  ASSERT_THAT(WriteFileAtomically(hsm.pin_file(), "000000\n", 0600), IsOk());
  const auto store = hsm.OpenStore();
  LoadedProbe().Reset();
  for (int i = 0; i < 3; ++i) {
    const auto refused = store->health()->Probe(Soon());
    EXPECT_THAT(refused, HasCode(Code::kFailedPrecondition));
    EXPECT_THAT(refused, HasReason("pin_latched"));
    EXPECT_THAT(refused, Says("put the right PIN into the PIN source, then restart"));
    EXPECT_EQ(refused.error().ToString().find("000000"), std::string::npos);
  }
  EXPECT_THAT(store->List(Soon()), HasReason("pin_latched"));
  EXPECT_THAT(hsm.OpenStore()->health()->Probe(Soon()), HasReason("pin_latched"));
  EXPECT_EQ(LoadedProbe()[Call::kLogin].calls, 1U);

  // Even the right one is not tried until an operator has restarted the program.
  ASSERT_THAT(WriteFileAtomically(hsm.pin_file(), SoftHsm::kPin, 0600), IsOk());
  EXPECT_THAT(hsm.OpenStore()->health()->Probe(Soon()), HasReason("pin_latched"));
  EXPECT_EQ(LoadedProbe()[Call::kLogin].calls, 1U);
}

// Some modules say so of a wrong PIN, others of a device that is away.
TEST(WrongPin, ReportedInDoubtfulWordsIsSentTwiceAtMost) {
  SoftHsm hsm(ProbeModulePath());
  const auto store = hsm.OpenStore();
  LoadedProbe().Reset();
  LoadedProbe().Fail(Call::kLogin, CKR_GENERAL_ERROR, 100);
  EXPECT_TRUE(Eventually([&store] { return store->health()->Probe(Soon()).error().reason() == "pin_latched"; }));
  EXPECT_EQ(LoadedProbe()[Call::kLogin].calls, 2U);
  LoadedProbe().Reset();
  EXPECT_THAT(store->health()->Probe(Soon()), HasReason("pin_latched"));
  EXPECT_THAT(store->health()->Probe(Soon()), Says("see that the PIN in the PIN source is right"));
  EXPECT_EQ(LoadedProbe()[Call::kLogin].calls, 0U);
}

TEST(WrongPin, OneDoubtfulLoginIsForgottenAfterAGoodOne) {
  SoftHsm hsm(ProbeModulePath());
  for (int i = 0; i < 3; ++i) {
    const auto store = hsm.OpenStore();
    LoadedProbe().Reset();
    LoadedProbe().Fail(Call::kLogin, CKR_DEVICE_ERROR);
    EXPECT_TRUE(Eventually([&store] { return store->health()->Probe(Soon()).ok(); })) << i;
  }
}

TEST(WrongPin, StaysLatchedWhenTheTokenWasAway) {
  SoftHsm hsm(ProbeModulePath());
  ASSERT_THAT(WriteFileAtomically(hsm.pin_file(), "000000\n", 0600), IsOk());
  const auto store = hsm.OpenStore();
  LoadedProbe().Reset();
  EXPECT_THAT(store->health()->Probe(Soon()), HasReason("pin_latched"));
  hsm.TakeAway();
  EXPECT_TRUE(Eventually([&store] { return store->health()->Probe(Soon()).error().code() == Code::kUnavailable; }));
  hsm.GiveBack();
  EXPECT_TRUE(Eventually([&store] { return store->health()->Probe(Soon()).error().reason() == "pin_latched"; }));
  EXPECT_EQ(LoadedProbe()[Call::kLogin].calls, 1U);
}

TEST(Pin, IsNeededAndIsReadWhenLoggingIn) {
  SoftHsm hsm;
  ASSERT_OK_AND_ASSIGN(const auto without, OpenStore(hsm.module(), {.label = SoftHsm::kLabel}, {}));
  EXPECT_THAT(without->health()->Probe(Soon()), HasReason("pin_source"));

  ASSERT_EQ(chmod(hsm.pin_file().c_str(), 0640), 0);
  const auto store = hsm.OpenStore();
  EXPECT_THAT(store->health()->Probe(Soon()), Says("mode 640"));
  // Nothing was sent, so that nothing is latched: once the file is safe the store serves.
  ASSERT_EQ(chmod(hsm.pin_file().c_str(), 0600), 0);
  EXPECT_TRUE(Eventually([&store] { return store->health()->Probe(Soon()).ok(); }));
}

TEST(PinSource, ReadsAFile) {
  const TempDir directory;
  ASSERT_THAT(WriteFileAtomically(directory / "pin", "1234\n", 0600), IsOk());
  for (const std::string& text : {"file:" + directory / "pin", "file://" + directory / "pin"}) {
    ASSERT_OK_AND_ASSIGN(const auto source, PinSource::Parse(text));
    ASSERT_OK_AND_ASSIGN(const SecretBytes pin, source.Read());
    EXPECT_EQ(AsText(pin.RevealForUse()), "1234");
  }
}

TEST(PinSource, ReadsASystemdCredential) {
  const TempDir directory;
  // What systemd makes of a credential for User=: owned by root, the mask of its access list where the group stands.
  ASSERT_THAT(WriteFileAtomically(directory / "pin", "1234", 0440), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto source, PinSource::Parse("credential:pin"));
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_THAT(source.Read(), Says("CREDENTIALS_DIRECTORY"));
  ASSERT_EQ(setenv("CREDENTIALS_DIRECTORY", directory.path().c_str(), 1), 0);
  ASSERT_OK_AND_ASSIGN(const SecretBytes pin, source.Read());
  EXPECT_EQ(AsText(pin.RevealForUse()), "1234");
  ASSERT_EQ(chmod((directory / "pin").c_str(), 0444), 0);
  EXPECT_THAT(source.Read(), HasReason("pin_source"));
  unsetenv("CREDENTIALS_DIRECTORY");
}

TEST(PinSource, RefusesOtherForms) {
  for (const char* text : {"1234", "file:pin", "file://host/pin", "file:", "file:/", "credential:", "credential:../pin",
                           "credential:a/b", "env:PIN", "FILE:/pin"}) {
    EXPECT_THAT(PinSource::Parse(text), HasCode(Code::kInvalidArgument)) << text;
  }
}

TEST(PinSource, RefusesAnEmptyFile) {
  const TempDir directory;
  ASSERT_THAT(WriteFileAtomically(directory / "pin", "\n", 0600), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto source, PinSource::Parse("file:" + directory / "pin"));
  EXPECT_THAT(source.Read(), HasReason("pin_source"));
}

}  // namespace
}  // namespace rootkeep::pkcs11
