// Keys with the catalogue, as an operator sees it.
#include <filesystem>

#include "tests/e2e/cli_fixture.h"

namespace rootkeep::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class CliCatalogTest : public CliTest {
 protected:
  ProgramResult WithState(Words words) const {
    words.insert(words.end(), {"--state", state_});
    return OnToken(words);
  }

  // With SoftHSM's own tool: behind the catalogue's back.
  void DestroyTheToken() const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(hsm_.directory() + "/tokens")) {
      if (entry.path().extension() == ".object" && entry.path().filename() != "token.object") {
        std::filesystem::remove(entry.path());
      }
    }
  }
};

TEST_F(CliCatalogTest, ACreatedKeyIsListedWithItsState) {
  ASSERT_EQ(WithState({"key", "create", "--name", "mesh", "--use", "rootkeep-ca"}).exit_code, 0);
  const json list = Json(WithState({"key", "list", "--json"}));
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0]["label"], "rk/rootkeep-ca/mesh/1");
  EXPECT_EQ(list[0]["catalogue"]["state"], "ACTIVE");
  EXPECT_EQ(list[0]["catalogue"]["custody_level"], "local-only");
  EXPECT_EQ(list[0]["catalogue"]["users"], json::array({"rootkeepd"}));
  EXPECT_EQ(list[0]["catalogue"]["facts"]["voucher"], "claimed by token (software, for tests)");
  EXPECT_FALSE(list[0]["catalogue"]["activated_at"].is_null());
  EXPECT_EQ(list[0]["catalogue"]["retired_at"], nullptr);
  EXPECT_THAT(WithState({"key", "list"}).out, HasSubstr("ACTIVE"));
  EXPECT_EQ(WithState({"key", "sweep"}).exit_code, 0);
}

TEST_F(CliCatalogTest, WithoutAStateDirectoryKeysHaveNoState) {
  ASSERT_EQ(OnToken({"key", "create", "--name", "web"}).exit_code, 0);
  EXPECT_THAT(OnToken({"key", "list"}).out, Not(HasSubstr("ACTIVE")));
  EXPECT_EQ(Json(OnToken({"key", "list", "--json"}))[0].count("catalogue"), 0U);
  EXPECT_EQ(OnToken({"key", "sweep"}).exit_code, 2);
  // A catalogue that comes later calls the key a stranger, and takes it for nobody's.
  EXPECT_THAT(WithState({"key", "create", "--name", "web", "--generation", "1"}), Refused("does not know"));
  const ProgramResult swept = WithState({"key", "sweep"});
  EXPECT_THAT(swept, Refused("1 of 1"));
  EXPECT_THAT(swept.out, HasSubstr("in the token, not in the catalogue"));
}

TEST_F(CliCatalogTest, AKeyFromBeforeTheCatalogueIsAdopted) {
  ASSERT_EQ(OnToken({"key", "create", "--name", "web"}).exit_code, 0);
  EXPECT_EQ(WithState({"key", "adopt", "web"}).exit_code, 0);
  EXPECT_EQ(Json(WithState({"key", "list", "--json"}))[0]["catalogue"]["state"], "ACTIVE");
  EXPECT_EQ(WithState({"key", "sweep"}).exit_code, 0);
  EXPECT_THAT(WithState({"key", "adopt", "web"}), Refused("ACTIVE"));
  Import("rk/app/foreign/1", "03");
  EXPECT_THAT(WithState({"key", "adopt", "foreign"}), Refused("CKA_"));
}

TEST_F(CliCatalogTest, AKeyThatIsGoneIsMissing) {
  ASSERT_EQ(WithState({"key", "create", "--name", "web"}).exit_code, 0);
  DestroyTheToken();
  const json listed = Json(WithState({"key", "list", "--json"}));
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0]["catalogue"]["state"], "MISSING");
  EXPECT_EQ(listed[0]["catalogue"]["missing_at"], nullptr) << "looking changes nothing";
  EXPECT_THAT(WithState({"key", "sweep"}), Refused("1 of 1"));
  EXPECT_NE(Json(WithState({"key", "list", "--json"}))[0]["catalogue"]["missing_at"], nullptr);
  EXPECT_THAT(WithState({"key", "list"}).out, HasSubstr("rk/app/web/1: not in the token"));
  EXPECT_THAT(WithState({"key", "create", "--name", "web", "--generation", "1"}), Refused("MISSING"));
  EXPECT_EQ(Json(WithState({"key", "create", "--name", "web", "--json"}))["label"], "rk/app/web/2");
}

TEST_F(CliCatalogTest, ACeremonysKeysAreCatalogued) {
  ASSERT_EQ(WithState({"ca", "init", "--name", "mesh", "--trust-domain", "cluster.local"}).exit_code, 0);
  const json list = Json(WithState({"key", "list", "--json"}));
  ASSERT_EQ(list.size(), 2U);
  for (const json& key : list) {
    EXPECT_EQ(key["catalogue"]["state"], "ACTIVE");
    // The daemon needs the issuing key and never the root's.
    EXPECT_EQ(key["catalogue"]["users"], json::array({key["name"] == "mesh" ? "rootkeepd" : "operator"}));
  }
  EXPECT_EQ(WithState({"key", "sweep"}).exit_code, 0);
}

TEST_F(CliCatalogTest, ACeremonyThatGoesOnTakesItsKeysIn) {
  for (const char* name : {"mesh-root", "mesh"}) {
    ASSERT_EQ(OnToken({"key", "create", "--use", "rootkeep-ca", "--name", name}).exit_code, 0);
  }
  const ProgramResult init =
      WithState({"ca", "init", "--name", "mesh", "--trust-domain", "cluster.local", "--existing"});
  ASSERT_EQ(init.exit_code, 0) << init.err;
  EXPECT_EQ(WithState({"key", "sweep"}).exit_code, 0);
}

TEST_F(CliCatalogTest, AKeyForARootElsewhereIsCatalogued) {
  ASSERT_EQ(
      WithState({"ca", "request", "--name", "mesh", "--trust-domain", "cluster.local", "--out", dir_ / "mesh.csr"})
          .exit_code,
      0);
  EXPECT_EQ(Json(WithState({"key", "list", "--json"}))[0]["catalogue"]["state"], "ACTIVE");
}

TEST_F(CliCatalogTest, AStateDirectoryThatOthersReadStopsItBeforeTheToken) {
  std::filesystem::create_directory(state_);
  std::filesystem::permissions(state_, std::filesystem::perms(0755));
  EXPECT_THAT(WithState({"key", "create", "--name", "web"}), Refused("mode 0700"));
  EXPECT_TRUE(Json(OnToken({"key", "list", "--json"})).empty());
}

}  // namespace
}  // namespace rootkeep::testing
