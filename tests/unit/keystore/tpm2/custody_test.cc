// Which keys, files and TPMs are refused, and how.
#include <tss2/tss2_esys.h>

#include "keystore/base/file.h"
#include "keystore/tpm2/public_area.h"
#include "keystore/tpm2/storage_key.h"
#include "tests/unit/keystore/tpm2/store_fixture.h"

namespace rootkeep::tpm2 {
namespace {

using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::SwTpm;
using std::filesystem::copy_options;

// TPM2_CreatePrimary in the owner hierarchy.
Result<ESYS_TR> MakePrimary(ESYS_CONTEXT* esys, const TPM2B_PUBLIC& area, std::string_view auth = "") {
  TPM2B_SENSITIVE_CREATE sensitive{};
  sensitive.sensitive.userAuth.size = static_cast<UINT16>(auth.size());
  std::ranges::copy(auth, sensitive.sensitive.userAuth.buffer);
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION pcrs{};
  ESYS_TR handle = ESYS_TR_NONE;
  RK_TSS("TPM2_CreatePrimary",
         Esys_CreatePrimary(esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &area,
                            &outside, &pcrs, &handle, nullptr, nullptr, nullptr, nullptr));
  return handle;
}

// The primary of `area`, at a persistent handle.
Status MakePersistent(ESYS_CONTEXT* esys, TPM2_HANDLE where, const TPM2B_PUBLIC& area, std::string_view auth = "") {
  RK_TRY(const ESYS_TR primary, MakePrimary(esys, area, auth));
  ESYS_TR kept = ESYS_TR_NONE;
  RK_TSS("TPM2_EvictControl", Esys_EvictControl(esys, ESYS_TR_RH_OWNER, primary, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                                ESYS_TR_NONE, where, &kept));
  Esys_TR_Close(esys, &kept);
  return Ok();
}

Result<std::uint32_t> Property(ESYS_CONTEXT* esys, TPM2_PT property) {
  EsysOut<TPMS_CAPABILITY_DATA> data;
  TPMI_YES_NO more = 0;
  RK_TSS("TPM2_GetCapability", Esys_GetCapability(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                                  TPM2_CAP_TPM_PROPERTIES, property, 1, &more, data.put()));
  return data->data.tpmProperties.tpmProperty[0].value;
}

class TpmCustodyTest : public StoreFixture {
 protected:
  Status MakePersistent(TPM2_HANDLE where, const TPM2B_PUBLIC& area, std::string_view auth = "") {
    return tpm_->Use(Soon(), [&](ESYS_CONTEXT* esys) { return tpm2::MakePersistent(esys, where, area, auth); });
  }
  // A key that signs and, unlike ours, counts wrong auth values, at 0x81000100.
  void MakeProtectedKey(std::string_view auth) {
    TPM2B_PUBLIC area = SigningTemplate(KeyType::kEcP256);
    area.publicArea.objectAttributes &= ~TPMA_OBJECT_NODA;
    ASSERT_THAT(MakePersistent(0x81000100, area, auth), IsOk());
    ASSERT_THAT(store_->List(Soon()), IsOk()) << "pins the storage key, before there are auth values";
    ASSERT_THAT(MakeDirectory(directory_ / "keys", 0700), IsOk());
    ASSERT_THAT(MakeDirectory(directory_ / "keys/0x81000100", 0700), IsOk());
  }
  void SetProtectedAuth(const std::string& text) {
    ASSERT_THAT(WriteFileAtomically(directory_ / "keys/0x81000100/auth", text, 0600), IsOk());
  }
  std::uint32_t CountedFailures() {
    return *tpm_->Use(Soon(), [](ESYS_CONTEXT* esys) { return Property(esys, TPM2_PT_LOCKOUT_COUNTER); });
  }
};

TEST_F(TpmCustodyTest, RefusesATpmWithAnotherStorageKey) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, Make("web"));
  const SwTpm other;
  const auto store = OpenStore(OpenTpm(other));
  for (const Status& refused : {StatusOf(store->Open(key.uri, Soon())), StatusOf(store->List(Soon())),
                                StatusOf(store->Create({.name = "new"}, Soon()))}) {
    EXPECT_THAT(refused, HasCode(Code::kDataLoss));
    EXPECT_THAT(refused, HasReason(kReasonSrkChanged));
  }
  EXPECT_FALSE(std::filesystem::exists(KeyPath("new")));
}

TEST_F(TpmCustodyTest, NoticesUnderASignerThatTheTpmWasExchanged) {
  const auto signer = MakeSigner("web");
  ASSERT_THAT(SignAndVerify(*signer), IsOk());
  swtpm_.SwitchOff();
  std::filesystem::remove_all(swtpm_.state_directory());
  std::filesystem::create_directory(swtpm_.state_directory());
  swtpm_.SwitchOn();
  EXPECT_THAT(SignAndVerify(*signer), HasReason(kReasonSrkChanged));
}

TEST_F(TpmCustodyTest, RefusesAPinThatIsNoneOrThatOthersCanWrite) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, Make("web"));
  const std::string pin = directory_ / "storage-key";
  ASSERT_OK_AND_ASSIGN(const std::string good, ReadFile(pin, 256));
  EXPECT_EQ(good.substr(0, 4), "000b");
  ASSERT_THAT(WriteFileAtomically(pin, "000b00\n", 0600), IsOk());
  EXPECT_THAT(Restarted()->Open(key.uri, Soon()), HasReason(kReasonSrkChanged));
  ASSERT_THAT(WriteFileAtomically(pin, good, 0620), IsOk());
  EXPECT_THAT(Restarted()->Open(key.uri, Soon()), HasCode(Code::kFailedPrecondition));
  ASSERT_THAT(WriteFileAtomically(pin, good, 0600), IsOk());
  EXPECT_THAT(Restarted()->Open(key.uri, Soon()), IsOk());
}

// Whatever answers now would be told the auth values in salted sessions.
TEST_F(TpmCustodyTest, APinThatIsLostIsNotMadeAnewBesideAuthValues) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, Make("web"));
  const std::string pin = directory_ / "storage-key";
  ASSERT_OK_AND_ASSIGN(const std::string good, ReadFile(pin, 256));
  std::filesystem::remove(pin);
  const SwTpm other;
  for (const auto& store : {OpenStore(OpenTpm(other)), Restarted()}) {
    for (const Status& refused : {StatusOf(store->Open(key.uri, Soon())), StatusOf(store->List(Soon())),
                                  StatusOf(store->Create({.name = "new"}, Soon()))}) {
      EXPECT_THAT(refused, HasCode(Code::kFailedPrecondition));
      EXPECT_THAT(refused, HasReason(kReasonSrkChanged));
    }
  }
  EXPECT_FALSE(std::filesystem::exists(pin));
  ASSERT_THAT(WriteFileAtomically(pin, good, 0600), IsOk());
  EXPECT_THAT(Restarted()->Open(key.uri, Soon()), IsOk());
}

TEST_F(TpmCustodyTest, KeysWithoutAuthValuesNeedNoPinToBegin) {
  store_ = OpenStore(tpm_, {.empty_auth = true});
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, Make("web"));
  std::filesystem::remove(directory_ / "storage-key");
  EXPECT_THAT(Restarted()->Open(key.uri, Soon()), IsOk());
}

TEST_F(TpmCustodyTest, TakesThePersistentStorageKeyIfItIsTheOne) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, Make("web"));
  // TCG's guidance: 32 zeros for each coordinate. A good key, and not ours.
  TPM2B_PUBLIC other = StorageKeyTemplate();
  other.publicArea.unique.ecc.x.size = 32;
  other.publicArea.unique.ecc.y.size = 32;
  ASSERT_THAT(MakePersistent(0x81000001, other), IsOk());
  EXPECT_THAT(Restarted()->Open(key.uri, Soon()), IsOk());
  const auto evict = [](ESYS_CONTEXT* esys) -> Status {
    ESYS_TR old = ESYS_TR_NONE;
    RK_TSS("TPM2_ReadPublic", Esys_TR_FromTPMPublic(esys, 0x81000001, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &old));
    ESYS_TR gone = ESYS_TR_NONE;
    RK_TSS("TPM2_EvictControl", Esys_EvictControl(esys, ESYS_TR_RH_OWNER, old, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                                  ESYS_TR_NONE, 0x81000001, &gone));
    return Ok();
  };
  ASSERT_THAT(tpm_->Use(Soon(), evict), IsOk());
  ASSERT_THAT(MakePersistent(0x81000001, StorageKeyTemplate()), IsOk());
  const auto tpm = OpenTpm(swtpm_);
  ASSERT_OK_AND_ASSIGN(const auto signer, OpenStore(tpm)->Open(key.uri, Soon()));
  EXPECT_THAT(SignAndVerify(*signer), IsOk());
  const auto persistent = tpm->Run(Tpm::Management(Soon()), [](Connection& connection) -> Result<bool> {
    return connection.kept().persistent_storage_key.valid() && !connection.kept().storage_key.valid();
  });
  EXPECT_TRUE(persistent.value_or(false));
}

TEST_F(TpmCustodyTest, RefusesAKeyOfAnotherTpm) {
  const SwTpm other;
  const rootkeep::testing::TempDir theirs;
  const auto tpm = *Tpm::Open({.transport = {.tcti = other.tcti()}, .turn_file = ""});
  const auto store = *tpm2::OpenStore(tpm, {.name = "other", .directory = theirs.path()});
  ASSERT_THAT(store->Create({.name = "web"}, Soon()), IsOk());
  ASSERT_THAT(Make("ours"), IsOk());
  std::filesystem::copy(theirs / "keys/rk_app_web_1", KeyPath("web"), copy_options::recursive);
  const auto refused = store_->Open(Uri("rk/app/web/1"), Soon());
  EXPECT_THAT(refused, HasCode(Code::kDataLoss));
  EXPECT_THAT(refused, HasReason(kReasonKeyUnusable));
}

TEST_F(TpmCustodyTest, SignsWithNoOtherKeyThatTookTheFile) {
  const auto signer = MakeSigner("web");
  const auto other = MakeSigner("other");
  std::filesystem::copy(KeyPath("other"), KeyPath("web"), copy_options::recursive | copy_options::overwrite_existing);
  ASSERT_THAT(SignAndVerify(*other), IsOk());
  const Status refused = SignAndVerify(*signer);
  EXPECT_THAT(refused, HasCode(Code::kDataLoss));
  EXPECT_THAT(refused, HasReason(kReasonKeyChanged));
}

TEST_F(TpmCustodyTest, SaysSoWhenAKeyIsMissing) {
  const auto signer = MakeSigner("web");
  const auto other = MakeSigner("other");
  std::filesystem::rename(KeyPath("web"), directory_ / "away");
  ASSERT_THAT(SignAndVerify(*other), IsOk());
  const Status missing = SignAndVerify(*signer);
  EXPECT_THAT(missing, HasCode(Code::kUnavailable));
  EXPECT_THAT(missing, HasReason(kReasonKeyMissing));
  std::filesystem::rename(directory_ / "away", KeyPath("web"));
  EXPECT_THAT(SignAndVerify(*signer), IsOk());
}

TEST_F(TpmCustodyTest, RefusesAnAuthFileThatOthersCanRead) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, Make("web"));
  using std::filesystem::perms;
  const std::string path = KeyPath("web") + "/auth";
  std::filesystem::permissions(path, perms::owner_read | perms::group_read);
  EXPECT_THAT(Restarted()->Open(key.uri, Soon()), HasReason(kReasonAuthFile));
  EXPECT_THAT(Restarted()->Open(key.uri, Soon()), HasCode(Code::kFailedPrecondition));
  std::filesystem::permissions(path, perms::owner_read);
  EXPECT_THAT(Restarted()->Open(key.uri, Soon()), IsOk());
}

TEST_F(TpmCustodyTest, RefusesAnAuthFileThatIsNone) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, Make("web"));
  const std::string path = KeyPath("web") + "/auth";
  for (const std::string& text : {std::string("0011"), std::string("hex:0"), std::string("hex:"), std::string("hex:xx"),
                                  "hex:" + std::string(130, '0'), "str:" + std::string(65, 'a')}) {
    ASSERT_THAT(WriteFileAtomically(path, text, 0600), IsOk());
    EXPECT_THAT(Restarted()->Open(key.uri, Soon()), HasReason(kReasonAuthFile)) << text;
  }
  std::filesystem::remove(path);
  EXPECT_THAT(Restarted()->Open(key.uri, Soon()), HasReason(kReasonAuthFile));
}

TEST_F(TpmCustodyTest, RefusesAKeyFileThatOthersCanWrite) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, Make("web"));
  using std::filesystem::perms;
  std::filesystem::permissions(KeyPath("web") + "/key.pem", perms::owner_read | perms::group_write);
  EXPECT_THAT(Restarted()->Open(key.uri, Soon()), HasCode(Code::kFailedPrecondition));
}

TEST_F(TpmCustodyTest, RefusesKeysThatCouldNotSignADigest) {
  ASSERT_THAT(Make("web"), IsOk());
  TPM2B_PUBLIC restricted = SigningTemplate(KeyType::kEcP256);
  restricted.publicArea.objectAttributes |= TPMA_OBJECT_RESTRICTED;
  restricted.publicArea.parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDSA;
  restricted.publicArea.parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
  TPM2B_PUBLIC by_policy = SigningTemplate(KeyType::kEcP256);
  by_policy.publicArea.objectAttributes &= ~TPMA_OBJECT_USERWITHAUTH;
  by_policy.publicArea.authPolicy.size = 32;
  TPM2_HANDLE handle = 0x81000200;
  for (const TPM2B_PUBLIC& area : {restricted, by_policy, StorageKeyTemplate()}) {
    ASSERT_THAT(MakePersistent(handle, area), IsOk());
    const std::string label = "0x" + ToHex(Bytes{0x81, 0, 2, static_cast<std::uint8_t>(handle & 0xffU)});
    ASSERT_THAT(MakeDirectory(directory_ / ("keys/" + label), 0700), IsOk());
    EXPECT_THAT(store_->Open(Uri(label), Soon()), HasReason(kReasonKeyUnusable)) << label;
    ++handle;
  }
}

TEST_F(TpmCustodyTest, ServesAPersistentKeyThatAnOperatorNames) {
  TPM2B_PUBLIC area = SigningTemplate(KeyType::kEcP384);
  ASSERT_THAT(MakePersistent(0x81000100, area, "secret"), IsOk());
  ASSERT_THAT(Make("web"), IsOk());
  EXPECT_THAT(store_->Open(Uri("0x81000100"), Soon()), HasCode(Code::kNotFound));  // not named yet
  const std::string directory = directory_ / "keys/0x81000100";
  ASSERT_THAT(MakeDirectory(directory, 0700), IsOk());
  ASSERT_THAT(WriteFileAtomically(directory + "/auth", "str:secret\n", 0600), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto signer, store_->Open(Uri("0x81000100"), Soon()));
  EXPECT_EQ(signer->public_key().type(), KeyType::kEcP384);
  EXPECT_THAT(SignAndVerify(*signer), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto keys, store_->List(Soon()));
  EXPECT_EQ(keys.size(), 2U);
  EXPECT_THAT(store_->Open(Uri("0x81000101"), Soon()), HasCode(Code::kNotFound));
}

TEST_F(TpmCustodyTest, SendsAWrongAuthValueOnceAlsoAfterARestart) {
  MakeProtectedKey("right");
  SetProtectedAuth("str:wrong\n");
  for (int restart = 0; restart < 3; ++restart) {
    const auto opened = Restarted()->Open(Uri("0x81000100"), Soon());
    const Status refused = opened.ok() ? SignAndVerify(**opened) : Status(opened.error());
    EXPECT_THAT(refused, HasCode(Code::kFailedPrecondition));
    EXPECT_THAT(refused, HasReason(restart == 0 ? kReasonAuth : kReasonAuthLatched));
    EXPECT_EQ(CountedFailures(), 1U);
  }
  SetProtectedAuth("str:right\n");
  ASSERT_OK_AND_ASSIGN(const auto signer, Restarted()->Open(Uri("0x81000100"), Soon()));
  EXPECT_THAT(SignAndVerify(*signer), IsOk());
}

TEST_F(TpmCustodyTest, SendsAWrongAuthValueOnceByASignerThatStays) {
  MakeProtectedKey("right");
  SetProtectedAuth("str:wrong\n");
  ASSERT_OK_AND_ASSIGN(const auto signer, store_->Open(Uri("0x81000100"), Soon()));
  EXPECT_THAT(SignAndVerify(*signer), HasReason(kReasonAuth));
  EXPECT_THAT(SignAndVerify(*signer), HasReason(kReasonAuthLatched));
  EXPECT_EQ(CountedFailures(), 1U);
  SetProtectedAuth("str:right\n");
  EXPECT_THAT(SignAndVerify(*signer), IsOk());
}

TEST_F(TpmCustodyTest, AsksALockedTpmOnceAndServesKeysThatNoLockoutConcerns) {
  const auto ours = MakeSigner("web");
  MakeProtectedKey("right");
  for (const char* wrong : {"str:a\n", "str:b\n", "str:c\n"}) {
    SetProtectedAuth(wrong);
    ASSERT_OK_AND_ASSIGN(const auto signer, Restarted()->Open(Uri("0x81000100"), Soon()));
    EXPECT_FALSE(SignAndVerify(*signer).ok());
  }
  SetProtectedAuth("str:right\n");
  ASSERT_OK_AND_ASSIGN(const auto signer, Restarted()->Open(Uri("0x81000100"), Soon()));
  const auto began = std::chrono::steady_clock::now();
  const Status locked = SignAndVerify(*signer);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5)) << "it was asked until the deadline";
  EXPECT_THAT(locked, HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(locked, HasReason(kReasonLockout));
  EXPECT_FALSE(locked.error().retryable());
  EXPECT_THAT(SignAndVerify(*ours), IsOk());
}

}  // namespace
}  // namespace rootkeep::tpm2
