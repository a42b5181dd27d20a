// What tpm2-pkcs11 does differently, beyond what the conformance suite asks of every token.
#include <p11-kit/pkcs11.h>

#include <array>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "keystore/base/file.h"
#include "keystore/pkcs11/quirks.h"
#include "keystore/pkcs11/session_calls.h"
#include "keystore/pkcs11/token.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/tpm2_pkcs11.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::Eventually;
using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::Says;
using rootkeep::testing::Tpm2Pkcs11;

Deadline Soon() { return After(std::chrono::seconds(20)); }

class Tpm2Pkcs11Test : public ::testing::Test {
 protected:
  void MakeKey() {
    ASSERT_OK_AND_ASSIGN(info_, store_->Create({.use = KeyUse::kApp, .name = "key"}, Soon()));
    ASSERT_OK_AND_ASSIGN(signer_, store_->Open(info_->uri, Soon()));
  }

  Status Sign() {
    RK_TRY(const Bytes signature, signer_->Sign(SignatureScheme::kEcdsaSha256, digest_, Soon()));
    return info_->public_key.Verify(SignatureScheme::kEcdsaSha256, digest_, signature);
  }

  Tpm2Pkcs11 token_;
  std::shared_ptr<KeyStore> store_ = token_.OpenStore();
  const Bytes digest_ = *Digest(Hash::kSha256, AsBytes("message"));
  std::optional<KeyInfo> info_;
  std::shared_ptr<const Signer> signer_;
};

TEST_F(Tpm2Pkcs11Test, IsRecognisedAndKnownToBeASimulator) {
  MakeKey();
  EXPECT_EQ(token_.module()->quirks().manufacturer, "tpm2-software.github.io");
  EXPECT_EQ(info_->device.manufacturer, "IBM");
  EXPECT_EQ(info_->device.model, "SW   TPM");
  EXPECT_EQ(info_->voucher, Voucher::kTokenSoftware);
  EXPECT_THAT(CheckCustody(*info_, KeyUse::kApp, CustodyLevel::kLocalOnly, /*production=*/false), IsOk());
  EXPECT_THAT(CheckCustody(*info_, KeyUse::kApp, CustodyLevel::kLocalOnly, /*production=*/true),
              HasCode(Code::kFailedPrecondition));
}

TEST_F(Tpm2Pkcs11Test, SaysWhyItMakesNoRsaKeys) {
  const auto made = store_->Create({.type = KeyType::kRsa2048, .use = KeyUse::kApp, .name = "key"}, Soon());
  EXPECT_THAT(made, HasCode(Code::kUnimplemented));
  EXPECT_THAT(made, Says("only if it may decrypt too"));
  EXPECT_THAT(made, Says("use a key of type ec-p256"));
}

TEST_F(Tpm2Pkcs11Test, RefusesAKeyThatABackupCouldWrap) {
  const KeySpec spec{.use = KeyUse::kApp, .name = "key", .custody = CustodyLevel::kHsmBackup};
  EXPECT_THAT(store_->Create(spec, Soon()), HasCode(Code::kFailedPrecondition));
  ASSERT_OK_AND_ASSIGN(const auto keys, store_->List(Soon()));
  EXPECT_TRUE(keys.empty());
}

// Sessions and loaded keys are gone, and nobody called while the TPM was away.
TEST_F(Tpm2Pkcs11Test, SignsAfterAResetThatNobodySaw) {
  MakeKey();
  for (int round = 0; round < 3; ++round) {
    ASSERT_THAT(Sign(), IsOk()) << "round " << round;
    token_.tpm().SwitchOff();
    token_.tpm().SwitchOn();
  }
  EXPECT_THAT(Sign(), IsOk());
}

// As long as a TPM is away, and however often it is asked for: that is no reason to give up its PIN.
TEST_F(Tpm2Pkcs11Test, DoesNotHoldItAgainstThePinThatTheTpmIsAway) {
  MakeKey();
  ASSERT_THAT(Sign(), IsOk());
  token_.tpm().SwitchOff();
  const Deadline end = After(std::chrono::seconds(1));
  while (std::chrono::steady_clock::now() < end) EXPECT_THAT(Sign(), HasCode(Code::kUnavailable));
  token_.tpm().SwitchOn();
  EXPECT_TRUE(Eventually([this] { return Sign().ok(); }));
}

// The TPM is there and cannot log in: it says CKR_GENERAL_ERROR to C_Login, and has not looked at the PIN.
TEST_F(Tpm2Pkcs11Test, DoesNotHoldItAgainstThePinThatTheTpmIsFull) {
  token_.tpm().Occupy();
  for (int i = 0; i < 5; ++i) {
    const auto listed = store_->List(Soon());
    EXPECT_THAT(listed, HasCode(Code::kUnavailable));
    EXPECT_THAT(listed, Says("C_Login returned CKR_GENERAL_ERROR"));
    std::this_thread::sleep_for(StoreOptions().longest_pause);
  }
  token_.tpm().SwitchOff();
  token_.tpm().SwitchOn();
  EXPECT_TRUE(Eventually([this] { return store_->List(Soon()).ok(); }));
}

TEST_F(Tpm2Pkcs11Test, GivesNoSessionToTwoThreads) {
  ASSERT_OK_AND_ASSIGN(const auto use, token_.module()->Enter(Soon()));
  ASSERT_OK_AND_ASSIGN(const Token token, FindToken(use, {.label = Tpm2Pkcs11::kLabel}));
  // By the slot's number of a handle: who holds it.
  std::array<std::atomic<int>, 1024> held{};
  std::atomic<int> opened{0};
  std::atomic<int> twice{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 50'000; ++j) {
          const auto handle = OpenSession(use, token.slot, CKF_SERIAL_SESSION, Soon());
          if (!handle.ok()) continue;
          ++opened;
          auto& holders = held.at(*handle % held.size());
          if (holders.fetch_add(1) != 0) ++twice;
          holders.fetch_sub(1);
          CloseSession(use, *handle, Soon());
        }
      });
    }
  }
  EXPECT_GT(opened, 0);
  EXPECT_EQ(twice, 0);
  CK_TOKEN_INFO info{};
  ASSERT_EQ(use->C_GetTokenInfo(token.slot, &info), CKR_OK);
  EXPECT_EQ(info.ulSessionCount, 0U);
}

TEST_F(Tpm2Pkcs11Test, StartsWithoutItsTpmAndServesWhenItAppears) {
  MakeKey();
  signer_.reset();
  store_.reset();
  token_.UnloadModule();
  token_.tpm().SwitchOff();
  store_ = token_.OpenStore();
  EXPECT_THAT(store_->Open(info_->uri, Soon()), HasCode(Code::kUnavailable));
  token_.tpm().SwitchOn();
  EXPECT_TRUE(Eventually([this] { return store_->Open(info_->uri, Soon()).ok(); }));
}

TEST_F(Tpm2Pkcs11Test, SendsAWrongPinOnce) {
  ASSERT_THAT(WriteFileAtomically(token_.pin_source().substr(5), "000000\n", 0600), IsOk());
  const auto listed = store_->List(Soon());
  EXPECT_THAT(listed, HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(listed, HasReason("pin_latched"));
  EXPECT_THAT(listed, Says("CKR_PIN_INCORRECT"));
  // The refusal is repeated for a pause; who looks again after it sends nothing.
  EXPECT_TRUE(Eventually([this] {
    const auto again = store_->List(Soon());
    return !again.ok() && again.error().ToString().find("is not sent again") != std::string::npos;
  }));
}

// The TPM has three places for keys. The module fills them and makes none free by itself.
TEST_F(Tpm2Pkcs11Test, SignsWithMoreKeysThanTheTpmHasPlacesFor) {
  std::vector<std::shared_ptr<const Signer>> signers;
  for (int i = 0; i < 5; ++i) {
    const KeySpec spec{.use = KeyUse::kApp, .name = "key" + std::to_string(i)};
    ASSERT_OK_AND_ASSIGN(const KeyInfo made, store_->Create(spec, Soon()));
    ASSERT_OK_AND_ASSIGN(const auto signer, store_->Open(made.uri, Soon()));
    signers.push_back(signer);
  }
  for (int round = 0; round < 2; ++round) {
    for (const auto& signer : signers) {
      const auto signature = signer->Sign(SignatureScheme::kEcdsaSha256, digest_, Soon());
      ASSERT_THAT(signature, IsOk());
      EXPECT_THAT(signer->public_key().Verify(SignatureScheme::kEcdsaSha256, digest_, *signature), IsOk());
    }
  }
}

// A key that is missing must not be felt by those whose keys are there.
TEST_F(Tpm2Pkcs11Test, IsReinitialisedOnceForAKeyThatIsNotThere) {
  MakeKey();
  ASSERT_THAT(Sign(), IsOk());
  KeyUri absent = info_->uri;
  absent.object_label += "0";
  const std::uint64_t before = token_.module()->epoch();
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(store_->Open(absent, Soon()), HasReason("key_not_found"));
    ASSERT_THAT(Sign(), IsOk());
  }
  EXPECT_EQ(token_.module()->epoch(), before + 1);
}

// Another connection is in use, and the module was reinitialised a moment ago, to make the first key.
TEST_F(Tpm2Pkcs11Test, KeepsItsConnectionWhileTheModuleMustBeSpared) {
  MakeKey();
  const auto others = token_.OpenStore();
  ASSERT_THAT(others->List(Soon()), IsOk());
  EXPECT_THAT(store_->Create({.use = KeyUse::kApp, .name = "second"}, Soon()), HasReason("module_busy"));
  EXPECT_THAT(Sign(), IsOk());
  KeyUri absent = info_->uri;
  absent.object_label += "0";
  EXPECT_THAT(store_->Open(absent, Soon()), HasReason("key_not_found"));
  EXPECT_THAT(Sign(), IsOk());
}

TEST_F(Tpm2Pkcs11Test, IsWellWhileOthersHaveItsKeys) {
  MakeKey();
  ASSERT_THAT(Sign(), IsOk());
  const auto probe = [this] { return store_->health()->Probe(After(std::chrono::milliseconds(100))); };
  {
    const auto keys = token_.module()->LockKeys(KeyAccess::kUse, Soon());
    ASSERT_THAT(keys, IsOk());
    EXPECT_THAT(std::async(std::launch::async, probe).get(), IsOk());
  }
  token_.tpm().SwitchOff();
  EXPECT_THAT(probe(), HasCode(Code::kUnavailable));
}

}  // namespace
}  // namespace rootkeep::pkcs11
