#include <sys/stat.h>

#include "tests/e2e/cli_fixture.h"

namespace rootkeep::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class CliKeyTest : public CliTest {};

TEST_F(CliKeyTest, CreatedKeyIsListedAndShownWithItsCustody) {
  const json created = Json(OnToken({"key", "create", "--use", "app", "--name", "web", "--type", "ec-p384", "--json"}));
  EXPECT_EQ(created["label"], "rk/app/web/1");
  EXPECT_EQ(created["type"], "ec-p384");
  EXPECT_EQ(created["custody"]["extractable"], false);
  EXPECT_EQ(created["custody"]["local"], true);
  EXPECT_EQ(created["voucher"], "claimed by token (software, for tests)");

  const json list = Json(OnToken({"key", "list", "--json"}));
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0], created);
  EXPECT_EQ(Json(OnToken({"key", "show", "rk/app/web/1", "--json"})), created);
  EXPECT_EQ(Json(OnToken({"key", "show", created["uri"].get<std::string>(), "--json"})), created);
}

TEST_F(CliKeyTest, WordsSayClaimedAndNeverProved) {
  const ProgramResult created = OnToken({"key", "create", "--name", "web"});
  const ProgramResult list = OnToken({"key", "list"});
  for (const std::string& text : {created.out, list.out}) {
    EXPECT_THAT(text, HasSubstr("claimed by token (software, for tests)"));
    EXPECT_THAT(text, Not(HasSubstr("proved")));
  }
  EXPECT_THAT(list.out, HasSubstr("local-only"));
}

TEST_F(CliKeyTest, NeverOverwrites) {
  ASSERT_EQ(OnToken({"key", "create", "--name", "web"}).exit_code, 0);
  EXPECT_THAT(OnToken({"key", "create", "--name", "web", "--generation", "1"}), Refused("rk/app/web/1"));
  EXPECT_EQ(Json(OnToken({"key", "list", "--json"})).size(), 1U);
}

TEST_F(CliKeyTest, TakesTheNextGenerationOfAName) {
  ASSERT_EQ(OnToken({"key", "create", "--name", "web", "--generation", "7"}).exit_code, 0);
  ASSERT_EQ(OnToken({"key", "create", "--name", "web2"}).exit_code, 0);
  EXPECT_EQ(Json(OnToken({"key", "create", "--name", "web", "--json"}))["label"], "rk/app/web/8");
  EXPECT_EQ(Json(OnToken({"key", "create", "--name", "web", "--use", "log", "--json"}))["label"], "rk/log/web/1");
}

TEST_F(CliKeyTest, AKeyThatIsNotThereIsAnsweredWithThoseThatAre) {
  ASSERT_EQ(OnToken({"key", "create", "--name", "web"}).exit_code, 0);
  const ProgramResult result = OnToken({"key", "show", "rk/app/other/1"});
  EXPECT_THAT(result, Refused("rk%2Fapp%2Fother%2F1"));
  EXPECT_THAT(result.err, HasSubstr("hint: the token holds rk/app/web/1"));
}

TEST_F(CliKeyTest, TwoKeysOfOneLabelAreAmbiguous) {
  Import("twice", "01");
  Import("twice", "02");
  EXPECT_THAT(OnToken({"key", "show", "twice"}), Refused("2 keys answer"));
}

TEST_F(CliKeyTest, AKeyThatWasImportedIsShownForWhatItIs) {
  Import("rk/app/foreign/1", "03");
  EXPECT_EQ(Json(OnToken({"key", "show", "rk/app/foreign/1", "--json"}))["custody"]["local"], false);
  EXPECT_THAT(OnToken({"key", "show", "rk/app/foreign/1"}).out, HasSubstr("NOT generated in the token"));
  EXPECT_THAT(OnToken({"key", "list"}).out, HasSubstr("NOT local-only: CKA_"));
}

TEST_F(CliKeyTest, RefusesNamesThatAreNone) {
  EXPECT_THAT(OnToken({"key", "create", "--name", "Web"}), Refused("name"));
  EXPECT_THAT(OnToken({"key", "create", "--name", ""}), Refused("name"));
  EXPECT_EQ(OnToken({"key", "create", "--name", "web", "--type", "rsa-1024"}).exit_code, 2);
  EXPECT_EQ(OnToken({"key", "create", "--name", "web", "--use", "other"}).exit_code, 2);
  EXPECT_EQ(OnToken({"key", "create", "--name", "web", "--generation", "-1"}).exit_code, 2);
  EXPECT_EQ(OnToken({"key", "create", "--name", "web", "--generation", "1000001"}).exit_code, 2);
}

TEST_F(CliKeyTest, RefusesAPinFileThatOthersRead) {
  ASSERT_EQ(chmod(hsm_.pin_file().c_str(), 0644), 0);
  const ProgramResult result = OnToken({"key", "list"});
  EXPECT_THAT(result, Refused("others"));
  EXPECT_THAT(result.err, HasSubstr("hint: chmod 600"));
}

TEST_F(CliKeyTest, RefusesAMissingPinFile) {
  ASSERT_EQ(unlink(hsm_.pin_file().c_str()), 0);
  EXPECT_THAT(OnToken({"key", "list"}), Refused(hsm_.pin_file()));
}

TEST_F(CliKeyTest, AWrongPinIsToldAndNeverShown) {
  ASSERT_THAT(WriteFileAtomically(hsm_.pin_file(), "90210", 0600), IsOk());
  const ProgramResult result = OnToken({"key", "list"});
  EXPECT_THAT(result, Refused("CKR_PIN_INCORRECT"));
  EXPECT_THAT(result.err, Not(HasSubstr("90210")));
}

TEST_F(CliKeyTest, AnAbsentTokenIsToldByName) {
  const ProgramResult result =
      Rootkeep({"key", "list", "--module", SoftHsm::ModulePath(), "--module-env", "SOFTHSM2_CONF=" + hsm_.conf_file(),
                "--pin-source", "file:" + hsm_.pin_file(), "--token", "elsewhere"});
  EXPECT_THAT(result, Refused("elsewhere"));
}

TEST_F(CliKeyTest, AModuleThatIsNoneIsTold) {
  const ProgramResult result = Rootkeep({"key", "list", "--module", dir_ / "module.so", "--pin-source",
                                         "file:" + hsm_.pin_file(), "--token", SoftHsm::kLabel});
  EXPECT_THAT(result, Refused("module.so"));
}

TEST_F(CliKeyTest, TokenOptionsThatContradictAreUsageErrors) {
  const std::vector<Words> wrong{
      {"key", "list"},
      {"key", "list", "--module", "/m.so"},
      {"key", "list", "--module", "/m.so", "--token", "a"},
      {"key", "list", "--config", "/c", "--module", "/m.so"},
      {"key", "list", "--module", "/m.so", "--token", "a", "--pin-source", "1234"},
      {"key", "list", "--module", "/m.so", "--token", "a", "--pin-source", "file:/p", "--module-env", "NOVALUE"}};
  for (const Words& words : wrong) EXPECT_EQ(Rootkeep(words).exit_code, 2) << words.back();
}

// The packaged service reads its PIN as a credential, which nothing outside it can.
TEST_F(CliKeyTest, TakesAnotherPinSourceThanTheConfigurations) {
  const std::string config = Config("", "credential:pin");
  EXPECT_THAT(Rootkeep({"key", "list", "--config", config}), Refused("--pin-source file:/path"));
  const ProgramResult made = Rootkeep({"ca", "init", "--config", config, "--pin-source", hsm_.pin_source(), "--name",
                                       "mesh", "--trust-domain", "cluster.local"});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(Json(Rootkeep({"key", "list", "--config", config, "--pin-source", hsm_.pin_source(), "--json"})).size(),
            2U);
}

TEST_F(CliKeyTest, FindsTheTokenByItsSerial) {
  const json key = Json(OnToken({"key", "create", "--name", "web", "--json"}));
  const Words by_serial{"key",
                        "list",
                        "--json",
                        "--module",
                        SoftHsm::ModulePath(),
                        "--module-env",
                        "SOFTHSM2_CONF=" + hsm_.conf_file(),
                        "--pin-source",
                        "file:" + hsm_.pin_file(),
                        "--serial",
                        key["token"]["serial"].get<std::string>()};
  EXPECT_EQ(Json(Rootkeep(by_serial)).size(), 1U);
}

}  // namespace
}  // namespace rootkeep::testing
