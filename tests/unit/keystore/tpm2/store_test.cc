// What the store does beyond the conformance suite.
#include "keystore/tpm2/store.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <atomic>
#include <thread>
#include <vector>

#include "keystore/base/file.h"
#include "tests/unit/keystore/tpm2/store_fixture.h"

namespace rootkeep::tpm2 {
namespace {

using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using std::filesystem::perms;

class TpmStoreTest : public StoreFixture {
 protected:
  // What `mode` leaves to group and others of a file or directory.
  static perms ModeOf(const std::string& path) { return std::filesystem::status(path).permissions(); }
  static std::string Text(const std::string& path) { return *ReadFile(path, 65536); }
};

TEST_F(TpmStoreTest, TouchesNothingWhenItIsOpened) {
  EXPECT_THAT(tpm2::OpenStore(tpm_, {.name = "", .directory = "/tmp"}), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(tpm2::OpenStore(tpm_, {.name = "tpm0", .directory = "tmp"}), HasCode(Code::kInvalidArgument));
  swtpm_.SwitchOff();
  EXPECT_THAT(tpm2::OpenStore(tpm_, {.name = "tpm0", .directory = "/nowhere"}), IsOk());
}

TEST_F(TpmStoreTest, SaysWhatATpmsWordIsWorth) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, Make("web"));
  EXPECT_EQ(key.voucher, Voucher::kTokenSoftware);  // it is swtpm
  EXPECT_TRUE(key.device.software);
  EXPECT_EQ(key.device.label, "tpm0");
  EXPECT_EQ(key.device.serial.size(), 16U);
  EXPECT_EQ(key.device.manufacturer, "IBM");
  EXPECT_THAT(CheckCustody(key, KeyUse::kApp, CustodyLevel::kLocalOnly, false), IsOk());
  EXPECT_THAT(CheckCustody(key, KeyUse::kApp, CustodyLevel::kLocalOnly, true), HasReason("custody"));
}

TEST_F(TpmStoreTest, WritesFilesThatOnlyTheirOwnerReads) {
  ASSERT_THAT(Make("web"), IsOk());
  EXPECT_EQ(ModeOf(KeyPath("web")), perms::owner_all);
  EXPECT_EQ(ModeOf(KeyPath("web") + "/key.pem"), perms::owner_read | perms::owner_write);
  EXPECT_EQ(ModeOf(KeyPath("web") + "/auth"), perms::owner_read | perms::owner_write);
  EXPECT_EQ(Text(KeyPath("web") + "/auth").size(), 4U + 64 + 1);
  // The auth value stands in no other file.
  const std::string auth = Text(KeyPath("web") + "/auth").substr(4, 64);
  EXPECT_EQ(Text(KeyPath("web") + "/key.pem").find(auth), std::string::npos);
  ASSERT_THAT(Make("other"), IsOk());
  EXPECT_NE(Text(KeyPath("other") + "/auth"), Text(KeyPath("web") + "/auth"));
}

TEST_F(TpmStoreTest, SignsAfterARestartWithTheSameKey) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, Make("web"));
  const auto again = Restarted();
  ASSERT_OK_AND_ASSIGN(const auto signer, again->Open(Uri("rk/app/web/1"), Soon()));
  EXPECT_EQ(signer->public_key(), key.public_key);
  EXPECT_THAT(SignAndVerify(*signer), IsOk());
}

TEST_F(TpmStoreTest, RefusesCustodyThatATpmDoesNotGive) {
  const KeySpec spec{.name = "web", .custody = CustodyLevel::kHsmBackup};
  EXPECT_THAT(store_->Create(spec, Soon()), HasCode(Code::kFailedPrecondition));
}

TEST_F(TpmStoreTest, IsToldApartFromACopyByItsLabelOnly) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, Make("web"));
  std::filesystem::copy(KeyPath("web"), KeyPath("copy"), std::filesystem::copy_options::recursive);
  KeyUri by_id = key.uri;
  by_id.object_label.clear();
  EXPECT_THAT(store_->Open(by_id, Soon()), HasReason(kReasonKeyAmbiguous));
  EXPECT_THAT(store_->Open(key.uri, Soon()), IsOk());
}

TEST_F(TpmStoreTest, TakesUpWhereAProcessDiedWhileItMadeAKey) {
  ASSERT_THAT(Make("web"), IsOk());
  const std::string unfinished = directory_ / "keys/.new";
  ASSERT_THAT(MakeDirectory(unfinished, 0700), IsOk());
  ASSERT_THAT(WriteFileAtomically(unfinished + "/auth", "hex:00\n", 0600), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto keys, store_->List(Soon()));
  EXPECT_EQ(keys.size(), 1U);
  ASSERT_THAT(Make("other"), IsOk());
  EXPECT_FALSE(std::filesystem::exists(unfinished));
  EXPECT_THAT(SignAndVerify(*MakeSigner("third")), IsOk());
}

// A systemd credential, for whom the file beside the key is too near.
TEST_F(TpmStoreTest, TakesAnAuthValueFromACredential) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, Make("web"));
  const std::string credential = directory_ / "credentials/tpm0.rk_app_web_1";
  ASSERT_THAT(MakeDirectory(directory_ / "credentials", 0700), IsOk());
  std::filesystem::rename(KeyPath("web") + "/auth", credential);
  EXPECT_THAT(Restarted()->Open(key.uri, Soon()), HasReason(kReasonAuthFile));
  const auto store = OpenStore(OpenTpm(swtpm_), {.credentials = directory_ / "credentials"});
  ASSERT_OK_AND_ASSIGN(const auto signer, store->Open(key.uri, Soon()));
  EXPECT_THAT(SignAndVerify(*signer), IsOk());
  ASSERT_THAT(WriteFileAtomically(credential, "no auth value", 0600), IsOk());
  EXPECT_THAT(OpenStore(OpenTpm(swtpm_), {.credentials = directory_ / "credentials"})->Open(key.uri, Soon()),
              HasReason(kReasonAuthFile));
}

TEST_F(TpmStoreTest, ListsWhatItCanUseAndLeavesTheRestOut) {
  ASSERT_THAT(Make("web"), IsOk());
  ASSERT_THAT(MakeDirectory(directory_ / "keys/broken", 0700), IsOk());
  ASSERT_THAT(WriteFileAtomically(directory_ / "keys/broken/key.pem", "no key", 0600), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto keys, store_->List(Soon()));
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys.front().label, "rk/app/web/1");
  EXPECT_THAT(store_->Open(Uri("broken"), Soon()), HasReason("key_file"));
}

// As programs that other people wrote have them: no auth value, and parent TPM_RH_OWNER.
TEST_F(TpmStoreTest, MakesKeysWithoutAuthValueWhereThatIsWanted) {
  const auto store = OpenStore(tpm_, {.name = {}, .directory = {}, .empty_auth = true});
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, store->Create({.name = "web"}, Soon()));
  EXPECT_FALSE(std::filesystem::exists(KeyPath("web") + "/auth"));
  ASSERT_OK_AND_ASSIGN(const auto signer, store->Open(key.uri, Soon()));
  EXPECT_THAT(SignAndVerify(*signer), IsOk());
}

// Three places, and all of them busy: a storage key, a key, and the next one.
TEST_F(TpmStoreTest, LetsManyThreadsUseManyKeys) {
  std::vector<std::shared_ptr<const Signer>> signers;
  for (int i = 0; i < 8; ++i) signers.push_back(MakeSigner("key-" + std::to_string(i)));
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 64; ++i) {
    threads.emplace_back([&, i] {
      for (std::size_t j = 0; j < 4; ++j) {
        const Status done = SignAndVerify(*signers[(i + j) % signers.size()]);
        EXPECT_THAT(done, IsOk());
        good += done.ok() ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 256);
}

TEST_F(TpmStoreTest, LetsManyProcessesUseManyKeys) {
  std::vector<KeyUri> uris;
  for (int i = 0; i < 4; ++i) uris.push_back(Make("key-" + std::to_string(i))->uri);
  // No thread of ours is in the way of fork.
  store_.reset();
  tpm_.reset();
  std::vector<pid_t> children;
  for (std::size_t process = 0; process < 4; ++process) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child != 0) {
      children.push_back(child);
      continue;
    }
    int failed = 0;
    {
      const auto store = Restarted();
      for (std::size_t i = 0; i < 40; ++i) {
        const auto signer = store->Open(uris[(process + i / 4) % uris.size()], Soon());
        const Status done = signer.ok() ? SignAndVerify(**signer) : Status(signer.error());
        if (done.ok()) continue;
        std::fprintf(stderr, "process %zu: %s\n", process, done.error().ToString().c_str());
        failed = 1;
      }
    }
    _exit(failed);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
}

TEST_F(TpmStoreTest, ClearsAwayWhatAKilledProcessLeftInTheTpm) {
  const KeyInfo key = *Make("web");
  for (const SessionMode session : {SessionMode::kPassword, SessionMode::kSalted}) {
    store_.reset();
    tpm_.reset();
    for (int round = 0; round < 4; ++round) {
      const pid_t child = fork();
      ASSERT_GE(child, 0);
      if (child == 0) {
        const auto store = OpenStore(OpenTpm(swtpm_), {.name = {}, .directory = {}, .session = session});
        const auto signer = store->Open(key.uri, Soon());
        if (signer.ok() && SignAndVerify(**signer).ok()) raise(SIGKILL);
        _exit(1);
      }
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      ASSERT_TRUE(WIFSIGNALED(status)) << "it could not sign in round " << round;
    }
    tpm_ = OpenTpm(swtpm_);
    store_ = OpenStore(tpm_, {.name = {}, .directory = {}, .session = session});
    ASSERT_OK_AND_ASSIGN(const auto signer, store_->Open(key.uri, Soon()));
    EXPECT_THAT(SignAndVerify(*signer), IsOk());
  }
}

}  // namespace
}  // namespace rootkeep::tpm2
