// rootkeepd uses a key by leave of the key catalogue only.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "keystore/catalog/adopt.h"
#include "tests/e2e/key_catalog_process.h"

namespace rootkeep::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class KeyPermissionTest : public KeyCatalogProcess {
 protected:
  // A catalogue that knows nothing yet.
  void ForgetAll() const { ASSERT_EQ(unlink(CatalogPath().c_str()), 0); }
  // The issuing key as the token describes it.
  KeyInfo IssuingKey() const {
    std::optional<KeyInfo> found;
    OnToken([&found](KeyStore& store) {
      found = store.Open({.object_label = kIssuingKey}, After(kPatience)).value()->info();
    });
    return *found;
  }
};

TEST_F(KeyPermissionTest, ASandboxsKeysAreCatalogued) {
  const auto catalog = OpenCatalog();
  EXPECT_EQ(catalog->Find(kIssuingKey).value()->state, KeyState::kActive);
  EXPECT_EQ(catalog->Find(kIssuingKey).value()->users, std::vector<std::string>{"rootkeepd"});
  EXPECT_EQ(catalog->Find(kRootKey).value()->users, std::vector<std::string>{"operator"});
  EXPECT_EQ(Rootkeep({"key", "sweep"}).exit_code, 0);
}

TEST_F(KeyPermissionTest, ASandboxFromBeforeTheCatalogueIsTakenIn) {
  ASSERT_NO_FATAL_FAILURE(ForgetAll());
  ASSERT_NO_FATAL_FAILURE(Prepare(SoftHsm::ModulePath()));
  EXPECT_EQ(OpenCatalog()->Find(kIssuingKey).value()->users, std::vector<std::string>{"rootkeepd"});
  EXPECT_EQ(OpenCatalog()->Find(kRootKey).value()->users, std::vector<std::string>{"operator"});
  EXPECT_EQ(Rootkeep({"key", "sweep"}).exit_code, 0);
}

TEST_F(KeyPermissionTest, AKeyThatIsRetiredWhileItServesSignsNothingMore) {
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_THAT(AskOnce(), WasIssued());
  ASSERT_THAT(OpenCatalog()->Retire(kIssuingKey, SystemClock().Now()), IsOk());
  EXPECT_TRUE(Eventually([this] { return !Issues(); }));
  EXPECT_TRUE(ReadyzSays("it is RETIRED"));
  EXPECT_THAT(LoggedFor("authority_stopped"), Not(IsEmpty()));
  // The next generation serves without a restart.
  const ProgramResult next = Rootkeep({"ca", "init", "--name", "sandbox", "--trust-domain", "cluster.local",
                                       "--generation", "2", "--root-certificate", files().root_certificate()});
  ASSERT_EQ(next.exit_code, 0) << next.err;
  EXPECT_TRUE(Eventually([this] { return Issues(); }));
  EXPECT_EQ(daemon().Stop(kPatience), 0);
}

TEST_F(KeyPermissionTest, ARetiredKeyDoesNotStartNorComeByAReload) {
  const std::string config = Config();
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_THAT(OpenCatalog()->Retire(kRootKey, SystemClock().Now()), IsOk());
  Configure(ConfigWith("    key: \"pkcs11:object=rk%2Frootkeep-ca%2Fsandbox-root%2F1\"\n", "token_issuers:"));
  const auto lines = Hangup();
  EXPECT_TRUE(std::ranges::any_of(lines, [](const cli::LogLine& line) {
    return line.event == "reload_refused" && line.Field("detail").find("it is RETIRED") != std::string::npos;
  }));
  EXPECT_THAT(AskOnce(), WasIssued()) << "everything stays as it was";
  EXPECT_EQ(daemon().Stop(kPatience), 0);
  Configure(config);
  ASSERT_THAT(OpenCatalog()->Retire(kIssuingKey, SystemClock().Now()), IsOk());
  EXPECT_THAT(RefusalToStart(), HasSubstr("it is RETIRED"));
}

TEST_F(KeyPermissionTest, WhoMayUseItIsTakenUpWhileItRuns) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_EQ(Rootkeep({"key", "permit", kIssuingKey, "--user", "operator"}).exit_code, 0);
  EXPECT_TRUE(Eventually([this] { return !Issues(); }));
  EXPECT_TRUE(ReadyzSays("operator may sign with it, not rootkeepd"));
  ASSERT_EQ(Rootkeep({"key", "permit", kIssuingKey, "--user", "rootkeepd"}).exit_code, 0);
  EXPECT_TRUE(Eventually([this] { return Issues(); }));
  EXPECT_EQ(daemon().Stop(kPatience), 0);
}

// As when an operator brings a backup back.
TEST_F(KeyPermissionTest, AnotherCatalogueInItsPlaceIsTakenUpWhileItRuns) {
  const std::string other = CatalogPath() + ".other";
  std::filesystem::copy_file(CatalogPath(), other);
  ASSERT_THAT(Catalog::Open(other).value()->Permit(kIssuingKey, {"operator"}), IsOk());
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_THAT(AskOnce(), WasIssued());
  std::filesystem::copy_file(CatalogPath(), other + ".before");
  std::filesystem::rename(other, CatalogPath());
  EXPECT_TRUE(Eventually([this] { return !Issues(); }));
  EXPECT_TRUE(ReadyzSays("operator may sign with it, not rootkeepd"));
  EXPECT_THAT(LoggedFor("key_catalogue_replaced"), Not(IsEmpty()));
  std::filesystem::rename(other + ".before", CatalogPath());
  EXPECT_TRUE(Eventually([this] { return Issues(); }));
  EXPECT_EQ(daemon().Stop(kPatience), 0);
}

// Nobody gets a key back by removing what said that it must not be used.
TEST_F(KeyPermissionTest, ACatalogueThatIsRemovedWhileItRunsIsToldAndHeldTo) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_THAT(OpenCatalog()->Retire(kIssuingKey, SystemClock().Now()), IsOk());
  EXPECT_TRUE(ReadyzSays("it is RETIRED"));
  std::filesystem::rename(CatalogPath(), CatalogPath() + ".gone");
  EXPECT_TRUE(ReadyzSays("[!] key catalogue: the key catalogue is gone; what it said last is held to"));
  EXPECT_FALSE(Issues());
  EXPECT_TRUE(ReadyzSays("it is RETIRED"));
  std::filesystem::rename(CatalogPath() + ".gone", CatalogPath());
  EXPECT_TRUE(Eventually([this] { return Get("/readyz").find("[!] key catalogue") == std::string::npos; }));
  EXPECT_FALSE(Issues());
  EXPECT_EQ(daemon().Stop(kPatience), 0);
}

TEST_F(KeyPermissionTest, AKeyOfOtherUsersDoesNotStart) {
  ASSERT_THAT(OpenCatalog()->Permit(kIssuingKey, {"operator"}), IsOk());
  EXPECT_THAT(RefusalToStart(), HasSubstr("not rootkeepd"));
}

TEST_F(KeyPermissionTest, AKeyOfAnotherUseDoesNotStart) {
  KeyInfo key = IssuingKey();
  ASSERT_NO_FATAL_FAILURE(ForgetAll());
  // As it was made; on the token somebody renamed it since.
  key.label = "rk/app/web/1";
  key.named = ParseKeyLabel(key.label);
  ASSERT_THAT(Adopt(*OpenCatalog(), key, CustodyLevel::kLocalOnly, {"rootkeepd"}, SystemClock().Now()), IsOk());
  EXPECT_THAT(RefusalToStart(), HasSubstr("its use is app, want rootkeep-ca"));
}

TEST_F(KeyPermissionTest, AKeyWhoseCreationWasNotFinishedDoesNotStart) {
  ASSERT_NO_FATAL_FAILURE(ForgetAll());
  ASSERT_THAT(
      OpenCatalog()->Intend({.use = KeyUse::kRootkeepCa, .name = "sandbox"},
                            {.label = cli::SoftToken::kLabel, .serial = ""}, {"rootkeepd"}, SystemClock().Now()),
      IsOk());
  EXPECT_THAT(RefusalToStart(), HasSubstr("it is PENDING"));
}

TEST_F(KeyPermissionTest, AnotherKeyUnderTheCataloguedLabelDoesNotStart) {
  Configure(ConfigWith("    key: \"pkcs11:object=rk%2Frootkeep-ca%2Fsandbox%2F1\"\n", "token_issuers:"));
  Delete(kIssuingKey);
  OnToken([](KeyStore& store) {
    EXPECT_THAT(store.Create({.use = KeyUse::kRootkeepCa, .name = "sandbox"}, After(kPatience)), IsOk());
  });
  EXPECT_THAT(RefusalToStart(), HasSubstr("the key catalogue knows one with"));
}

TEST_F(KeyPermissionTest, ACatalogueThatOthersCanReadOrANewerOneDoesNotStart) {
  ASSERT_EQ(chmod(CatalogPath().c_str(), 0644), 0);
  EXPECT_THAT(RefusalToStart(), HasSubstr("chmod 600"));
  ASSERT_EQ(chmod(CatalogPath().c_str(), 0600), 0);
  ASSERT_EQ(
      RunProgram({"python3", "-c",
                  "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version=99')", CatalogPath()})
          .exit_code,
      0);
  EXPECT_THAT(RefusalToStart(), HasSubstr("version 99"));
}

TEST_F(KeyPermissionTest, AStateDirectoryFromBeforeTheCatalogueServesAndIsTold) {
  ASSERT_NO_FATAL_FAILURE(ForgetAll());
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_THAT(AskOnce(), WasIssued());
  EXPECT_THAT(LoggedFor("key_catalogue_absent"), Not(IsEmpty()));
  EXPECT_NE(access(CatalogPath().c_str(), F_OK), 0) << "it makes no catalogue of its own";
  // One that an operator begins is taken up; what it does not know is counted and served.
  ASSERT_EQ(Rootkeep({"key", "adopt", kRootKey}).exit_code, 0);
  EXPECT_TRUE(Eventually([this] {
    const std::string metrics = Get("/metrics");
    return metrics.find(R"(rootkeep_keys{state="ACTIVE",token="sandbox"} 1)") != std::string::npos &&
           metrics.find(R"(rootkeep_keys{state="UNCATALOGUED",token="sandbox"} 1)") != std::string::npos;
  }));
  EXPECT_THAT(AskOnce(), WasIssued());
  EXPECT_EQ(StateOf(kRootKey), KeyState::kActive);
  EXPECT_FALSE(OpenCatalog()->Find(kIssuingKey).value().has_value()) << "it adopts nothing by itself";
  EXPECT_EQ(daemon().Stop(kPatience), 0);
}

}  // namespace
}  // namespace rootkeep::testing
