// tpm2-pkcs11 opens no session while somebody logs in (Quirks::sessions_race), and a TPM can hang in C_Login.
#include <p11-kit/pkcs11.h>

#include <future>
#include <thread>

#include "keystore/pkcs11/token.h"
#include "keystore/pkcs11/token_setup.h"
#include "tests/support/chaos.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/tpm2_pkcs11.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::Chaos;
using rootkeep::testing::Eventually;
using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::Tpm2Pkcs11;
using std::chrono::milliseconds;
using std::chrono::seconds;

Deadline Soon() { return After(seconds(20)); }

class Tpm2HangTest : public ::testing::Test {
 protected:
  void SetUp() override {
    token_.UnloadModule();
    ModuleConfig config = token_.module_config();
    config.environment.merge(chaos_.Environment(config.path));
    config.path = Chaos::ModulePath();
    ASSERT_OK_AND_ASSIGN(module_, registry_.Load(config));
    ASSERT_THAT(module_->Initialise(Soon()), IsOk());
    store_ = OpenStore();
    ASSERT_OK_AND_ASSIGN(info_, store_->Create({.use = KeyUse::kApp, .name = "key"}, Soon()));
    ASSERT_OK_AND_ASSIGN(signer_, store_->Open(info_->uri, Soon()));
    ASSERT_THAT(Sign(Soon()), IsOk());
  }

  std::shared_ptr<KeyStore> OpenStore() {
    return *pkcs11::OpenStore(module_, {.label = Tpm2Pkcs11::kLabel}, *PinSource::Parse(token_.pin_source()));
  }

  Result<Bytes> Sign(Deadline deadline) { return signer_->Sign(SignatureScheme::kEcdsaSha256, digest_, deadline); }

  // What `call` says, with 200 ms to do it in, while `login` hangs in C_Login; a failure when it takes much longer.
  template <typename Login, typename Call>
  Status WhileHanging(const std::string& faults, Login login, Call call) {
    chaos_.Set("hang C_Login\n" + faults);
    std::thread hung(login);
    EXPECT_TRUE(Eventually([this] { return !chaos_.Faults("hang").empty(); }));
    auto called = std::async(std::launch::async, [&]() -> Status { return call(After(milliseconds(200))); });
    EXPECT_EQ(called.wait_for(seconds(10)), std::future_status::ready) << "held up beyond its deadline";
    chaos_.Clear();
    hung.join();
    return called.get();
  }

  Result<CK_ULONG> OpenSessions() {
    RK_TRY(const Module::Use use, module_->Enter(Soon()));
    RK_TRY(const Token token, FindToken(use, {.label = Tpm2Pkcs11::kLabel}));
    CK_TOKEN_INFO info{};
    use->C_GetTokenInfo(token.slot, &info);
    return info.ulSessionCount;
  }

  Chaos chaos_;
  Tpm2Pkcs11 token_;
  ModuleRegistry registry_;
  std::shared_ptr<Module> module_;
  std::shared_ptr<KeyStore> store_;
  const Bytes digest_ = *Digest(Hash::kSha256, AsBytes("message"));
  std::optional<KeyInfo> info_;
  std::shared_ptr<const Signer> signer_;
};

TEST_F(Tpm2HangTest, WhoNeedsASessionWaitsForNoLoginBeyondTheDeadline) {
  const auto other = OpenStore();
  const Status deleted = WhileHanging(
      "", [&] { EXPECT_THAT(other->List(Soon()), IsOk()); },
      [&](Deadline deadline) { return store_->deleter()->Delete(info_->uri, deadline); });
  EXPECT_THAT(deleted, HasReason("deadline"));
  EXPECT_THAT(Sign(Soon()), IsOk());
}

TEST_F(Tpm2HangTest, NorDoesWhoHasASessionToClose) {
  ASSERT_OK_AND_ASSIGN(const CK_ULONG before, OpenSessions());
  auto other = OpenStore();
  const Status signature = WhileHanging(
      "fail C_Sign CKR_KEY_TYPE_INCONSISTENT", [&] { EXPECT_THAT(other->List(Soon()), IsOk()); },
      [&](Deadline deadline) {
        const auto made = Sign(deadline);
        return made.ok() ? Ok() : Status(made.error());
      });
  EXPECT_THAT(signature, HasCode(Code::kFailedPrecondition));
  other.reset();
  // The session that saw the error was not closed then; it is when the next one is opened.
  EXPECT_THAT(Sign(Soon()), IsOk());
  ASSERT_OK_AND_ASSIGN(const CK_ULONG after, OpenSessions());
  EXPECT_EQ(after, before);
}

TEST_F(Tpm2HangTest, TheSecurityOfficersLoginIsOneToo) {
  const auto set_up = [&] {
    EXPECT_THAT(SetUpToken(*module_, "second", SecretBytes("94016725"), SecretBytes("271828"), Soon()), IsOk());
  };
  const Status deleted =
      WhileHanging("", set_up, [&](Deadline deadline) { return store_->deleter()->Delete(info_->uri, deadline); });
  EXPECT_THAT(deleted, HasReason("deadline"));
}

}  // namespace
}  // namespace rootkeep::pkcs11
