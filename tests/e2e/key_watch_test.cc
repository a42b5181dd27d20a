// rootkeepd holds the key catalogue against its tokens: keys that go, come back, or are others.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "tests/e2e/key_catalog_process.h"
#include "tests/support/chaos.h"

namespace rootkeep::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

constexpr char kTwoMissing[] = R"(rootkeep_keys{state="MISSING",token="sandbox"} 2)";
constexpr char kOneMissing[] = R"(rootkeep_keys{state="MISSING",token="sandbox"} 1)";
constexpr char kTwoActive[] = R"(rootkeep_keys{state="ACTIVE",token="sandbox"} 2)";

class KeyWatchTest : public KeyCatalogProcess {
 protected:
  // Has other programs read the token's directory again.
  void Nudge() const {
    OnToken([](KeyStore& store) {
      const auto made = store.Create({.name = "nudge"}, After(kPatience));
      ASSERT_THAT(made, IsOk());
      ASSERT_THAT(store.deleter()->Delete(made->uri, After(kPatience)), IsOk());
    });
  }
  // SoftHSM's files of the keys, out of the token and in again: the same keys.
  void TakeKeysAway() {
    for (const auto& entry : fs::recursive_directory_iterator(files().root + "/tokens")) {
      const bool key = entry.path().extension() == ".object" && entry.path().filename() != "token.object";
      if (key) taken_.emplace_back(entry.path(), File(entry.path().filename()));
    }
    for (const auto& [place, kept] : taken_) fs::rename(place, kept);
    Nudge();
  }
  void GiveKeysBack() {
    for (const auto& [place, kept] : taken_) fs::rename(kept, place);
    Nudge();
  }

 private:
  std::vector<std::pair<fs::path, fs::path>> taken_;
};

TEST_F(KeyWatchTest, AKeyThatGoesIsMissingWithAnAlarmAndActiveWhenItReturns) {
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_THAT(AskOnce(), WasIssued());
  EXPECT_THAT(Get("/metrics"), AllOf(HasSubstr(kTwoActive), HasSubstr("rootkeep_key_catalogue_readable 1")));
  ASSERT_NO_FATAL_FAILURE(TakeKeysAway());
  // Nobody asks for certificates meanwhile: the daemon looks by itself.
  ASSERT_TRUE(ReadyzSays("[-] authority sandbox not ready: key \"rk/rootkeep-ca/sandbox/1\" is MISSING"));
  EXPECT_THAT(Get("/readyz"), HasSubstr("503"));
  EXPECT_EQ(StateOf(kIssuingKey), KeyState::kMissing);
  EXPECT_EQ(StateOf(kRootKey), KeyState::kMissing);
  EXPECT_THAT(LoggedFor("key_missing"), AllOf(Contains(kIssuingKey), Contains(kRootKey)));
  EXPECT_THAT(Get("/metrics"), HasSubstr(kTwoMissing));
  EXPECT_FALSE(Issues());
  EXPECT_THAT(Rootkeep({"key", "list"}).out, HasSubstr("MISSING"));

  ASSERT_NO_FATAL_FAILURE(GiveKeysBack());
  EXPECT_TRUE(Eventually([this] { return Issues(); }));
  ASSERT_TRUE(ReadyzSays("[+] authority sandbox ok"));
  EXPECT_TRUE(ReadyzSays("200"));
  EXPECT_EQ(StateOf(kIssuingKey), KeyState::kActive);
  EXPECT_EQ(StateOf(kRootKey), KeyState::kActive);
  EXPECT_THAT(LoggedFor("key_returned"), AllOf(Contains(kIssuingKey), Contains(kRootKey)));
  EXPECT_THAT(Get("/metrics"), HasSubstr(kTwoActive));
  EXPECT_EQ(daemon().Stop(kPatience), 0);
}

TEST_F(KeyWatchTest, AKeyThatIsGoneAtStartIsMissing) {
  Delete(kIssuingKey);
  ASSERT_OK_AND_ASSIGN(const auto started,
                       cli::RunningDaemon::Start(ROOTKEEPD_BINARY, files().config(), files().log(), After(kPatience)));
  EXPECT_TRUE(Eventually([this] { return StateOf(kIssuingKey) == KeyState::kMissing; }));
  EXPECT_THAT(LoggedFor("key_missing"), Contains(kIssuingKey));
  EXPECT_EQ(started->Stop(kPatience), 0);
}

TEST_F(KeyWatchTest, AReloadThatNamesAKeyThereIsNotIsRefused) {
  ASSERT_NO_FATAL_FAILURE(Start());
  Configure(ConfigWith("    key: \"pkcs11:object=rk%2Frootkeep-ca%2Fsandbx%2F1\"\n", "token_issuers:"));
  EXPECT_TRUE(std::ranges::any_of(Hangup(), [](const cli::LogLine& line) { return line.event == "reload_refused"; }));
  EXPECT_THAT(AskOnce(), WasIssued());
  EXPECT_EQ(daemon().Stop(kPatience), 0);
}

TEST_F(KeyWatchTest, AnotherKeyInItsPlaceIsNotTheKey) {
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_THAT(AskOnce(), WasIssued());
  Delete(kIssuingKey);
  OnToken([](KeyStore& store) {
    EXPECT_THAT(store.Create({.use = KeyUse::kRootkeepCa, .name = "sandbox"}, After(kPatience)), IsOk());
  });
  ASSERT_TRUE(ReadyzSays("is MISSING: not in the token: the key that has its label or id is another one"));
  EXPECT_EQ(StateOf(kIssuingKey), KeyState::kMissing);
  EXPECT_THAT(LoggedFor("key_replaced"), Contains(kIssuingKey));
  EXPECT_FALSE(Issues());
  Hangup();
  EXPECT_FALSE(Issues());
  EXPECT_EQ(StateOf(kIssuingKey), KeyState::kMissing);
  EXPECT_EQ(daemon().Stop(kPatience), 0);
}

TEST_F(KeyWatchTest, ATokenThatIsAwayMakesNoKeyMissingAndIsLookedAtWhenItReturns) {
  const Chaos chaos;
  std::string environment;
  for (const auto& [name, value] : chaos.Environment(SoftHsm::ModulePath())) {
    environment += fmt::format("      - name: {}\n        value: \"{}\"\n", name, value);
  }
  std::string config = ConfigWith(environment, "tokens:");
  const std::string real = "path: \"" + SoftHsm::ModulePath() + "\"";
  ASSERT_NE(config.find(real), std::string::npos) << config;
  config.replace(config.find(real), real.size(), "path: \"" + Chaos::ModulePath() + "\"");
  Configure(config);
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_THAT(AskOnce(), WasIssued());

  chaos.Set("token-away\n");
  ASSERT_TRUE(ReadyzSays("[-] token sandbox not ready"));
  EXPECT_FALSE(Issues());
  // What else happens to it before it returns.
  Delete(kRootKey);
  EXPECT_EQ(StateOf(kIssuingKey), KeyState::kActive);
  EXPECT_EQ(StateOf(kRootKey), KeyState::kActive);
  EXPECT_THAT(LoggedFor("key_missing"), ::testing::IsEmpty());

  chaos.Clear();
  ASSERT_TRUE(ReadyzSays("[+] token sandbox ok"));
  // A key that no authority uses is told, and keeps nobody from working.
  ASSERT_TRUE(ReadyzSays("[!] key rk/rootkeep-ca/sandbox-root/1: not in the token"));
  EXPECT_EQ(StateOf(kRootKey), KeyState::kMissing);
  EXPECT_EQ(StateOf(kIssuingKey), KeyState::kActive);
  EXPECT_TRUE(Eventually([this] { return Issues(); }));
  EXPECT_TRUE(ReadyzSays("200"));
  EXPECT_THAT(Get("/metrics"), HasSubstr(kOneMissing));
  EXPECT_EQ(daemon().Stop(kPatience), 0);
}

TEST_F(KeyWatchTest, ACatalogueThatCannotBeReadAnyMoreIsToldAndStopsNothing) {
  ASSERT_NO_FATAL_FAILURE(Start());
  std::fstream(CatalogPath(), std::ios::in | std::ios::out) << std::string(4096, 'x');
  ASSERT_TRUE(ReadyzSays("[!] key catalogue"));
  EXPECT_THAT(Get("/metrics"), HasSubstr("rootkeep_key_catalogue_readable 0"));
  EXPECT_THAT(LoggedFor("key_catalogue_unreadable"), Not(::testing::IsEmpty()));
  EXPECT_THAT(AskOnce(), WasIssued());
  EXPECT_EQ(daemon().Stop(kPatience), 0);
  // Whether its key was retired cannot be known now.
  EXPECT_THAT(RefusalToStart(), HasSubstr("key catalogue"));
}

}  // namespace
}  // namespace rootkeep::testing
