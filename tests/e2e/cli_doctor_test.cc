#include <sys/stat.h>

#include "keystore/catalog/catalog.h"
#include "signer/ledger/open_ledger.h"
#include "tests/e2e/cli_fixture.h"
#include "tests/support/ledger_load.h"

namespace rootkeep::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class CliDoctorTest : public CliTest {
 protected:
  void InitCa() const {
    const ProgramResult result =
        Rootkeep({"ca", "init", "--config", Config(), "--name", "mesh", "--trust-domain", "cluster.local"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }

  // Step to outcome, in the order they were made.
  static std::vector<std::pair<std::string, std::string>> Steps(const json& report) {
    std::vector<std::pair<std::string, std::string>> steps;
    for (const json& step : report["steps"]) steps.emplace_back(step["step"], step["outcome"]);
    return steps;
  }

  // Runs doctor, which must fail, and returns the one step that did.
  json FailedStep(const Words& words) const {
    Words line{"doctor", "--json"};
    line.insert(line.end(), words.begin(), words.end());
    const ProgramResult result = Rootkeep(line);
    EXPECT_EQ(result.exit_code, 1);
    const json report = json::parse(result.out, nullptr, false);
    EXPECT_EQ(report["healthy"], false) << result.out << result.err;
    json failed;
    for (const json& step : report["steps"]) {
      if (step["outcome"] == "FAILED") failed.push_back(step);
    }
    EXPECT_EQ(failed.size(), 1U) << report;
    for (const json& step : failed) EXPECT_NE(step["hint"], "") << step;
    return failed.empty() ? json() : failed[0];
  }
};

TEST_F(CliDoctorTest, EveryStepOfAHealthyConfigurationIsALine) {
  InitCa();
  const json report = Json(Rootkeep({"doctor", "--config", Config(), "--json"}));
  EXPECT_EQ(report["healthy"], true);
  const std::vector<std::pair<std::string, std::string>> want{
      {"configuration", "ok"},   {"state", "ok"},       {"open module", "ok"}, {"initialise", "ok"},
      {"find token", "ok"},      {"read PIN", "ok"},    {"log in", "ok"},      {"catalogue", "ok"},
      {"read files", "ok"},      {"find key", "ok"},    {"custody", "ok"},     {"permission", "ok"},
      {"sign and verify", "ok"}, {"certificates", "ok"}};
  // A warning about who can authenticate stands beside them: no token issuer is configured here.
  std::vector<std::pair<std::string, std::string>> got;
  for (const auto& step : Steps(report)) {
    if (step.second != "warning") got.push_back(step);
  }
  EXPECT_EQ(got, want);
  const ProgramResult words = Rootkeep({"doctor", "--config", Config()});
  EXPECT_THAT(words.out, HasSubstr("claimed by token (software, for tests)"));
  EXPECT_THAT(words.out, Not(HasSubstr("proved")));
}

TEST_F(CliDoctorTest, NamesImpersonationWithoutPlacement) {
  InitCa();
  const std::string config = Config(
      "impersonation:\n  - name: anywhere\n    callers:\n      - spiffe_id: spiffe://cluster.local/ns/a/sa/b\n"
      "    targets:\n      - trust_domain: cluster.local\n        namespace: \"*\"\n        service_account: \"*\"\n"
      "    unsafe_without_placement: true\n");
  const ProgramResult result = Rootkeep({"doctor", "--config", config});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, ::testing::ContainsRegex("warning .*anywhere"));
}

TEST_F(CliDoctorTest, SaysThatACaOfAnEntryThatIsGoneLives) {
  InitCa();
  const WallTime now = std::chrono::system_clock::now();
  const auto warnings = [&] {
    const json report = Json(Rootkeep({"doctor", "--config", Config(), "--json"}));
    EXPECT_EQ(report["healthy"], true) << report;
    std::string details;
    for (const json& step : report["steps"]) {
      if (step["step"] == "foreign CAs") details += step["detail"];
    }
    return details;
  };
  EXPECT_EQ(warnings(), "") << "no daemon has run here";
  ASSERT_OK_AND_ASSIGN(const auto ledger, OpenLedger({.path = state_ + "/rootkeep.db"}));
  Intent intent = MakeIntent(1);
  intent.profile = "foreign-ca";
  intent.not_after = ToUnixSeconds(now) - 1;
  ASSERT_THAT(IntendAndWait(*ledger, intent), IsOk());
  EXPECT_EQ(warnings(), "") << "it has ended";
  intent = MakeIntent(2);
  intent.profile = "foreign-ca";
  intent.not_after = ToUnixSeconds(now) + 3600;
  ASSERT_THAT(IntendAndWait(*ledger, intent), IsOk());
  EXPECT_THAT(warnings(), HasSubstr("may live until " + ToRfc3339(FromUnixSeconds(ToUnixSeconds(now) + 3600))));
}

TEST_F(CliDoctorTest, AConfigurationThatIsNoneEndsIt) {
  const json step = FailedStep({"--config", File("bad.yaml", "version: 1\nbogus: 2\n")});
  EXPECT_EQ(step["step"], "configuration");
}

TEST_F(CliDoctorTest, AModuleThatIsNone) {
  const json step = FailedStep(
      {"--module", File("module.so", "no library"), "--token", "x", "--pin-source", "file:" + hsm_.pin_file()});
  EXPECT_EQ(step["step"], "open module");
}

TEST_F(CliDoctorTest, ATokenThatIsAway) {
  hsm_.TakeAway(SoftHsm::kLabel);
  Words words = TokenOptions();
  words.insert(words.end(), {"--key", "rk/rootkeep-ca/mesh/1"});
  const json step = FailedStep(words);
  EXPECT_EQ(step["step"], "find token");
  EXPECT_NE(step["hint"], "");
}

TEST_F(CliDoctorTest, APinFileThatOthersRead) {
  ASSERT_EQ(chmod(hsm_.pin_file().c_str(), 0640), 0);
  const json step = FailedStep(TokenOptions());
  EXPECT_EQ(step["step"], "read PIN");
  EXPECT_THAT(step["hint"].get<std::string>(), HasSubstr("chmod 600"));
}

// As where the configuration names a credential, which only the service can read.
TEST_F(CliDoctorTest, AnotherPinSourceThanTheConfigurations) {
  InitCa();
  const std::string pin = File("other-pin", "90210");
  ASSERT_EQ(chmod(pin.c_str(), 0600), 0);
  EXPECT_EQ(FailedStep({"--config", Config(), "--pin-source", "file:" + pin})["step"], "log in");
  const ProgramResult wrong = Rootkeep({"doctor", "--config", Config(), "--pin-source", "nonsense"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("--pin-source"));
  EXPECT_EQ(Rootkeep({"doctor", "--config", Config(), "--serial", "1"}).exit_code, 2);
}

TEST_F(CliDoctorTest, AWrongPin) {
  ASSERT_THAT(WriteFileAtomically(hsm_.pin_file(), "90210", 0600), IsOk());
  const json step = FailedStep(TokenOptions());
  EXPECT_EQ(step["step"], "log in");
  EXPECT_THAT(step["detail"].get<std::string>(), HasSubstr("CKR_PIN_INCORRECT"));
  EXPECT_THAT(step["detail"].get<std::string>(), Not(HasSubstr("90210")));
}

TEST_F(CliDoctorTest, AKeyThatIsNotThere) {
  Words words = TokenOptions();
  words.insert(words.end(), {"--key", "rk/rootkeep-ca/mesh/1"});
  EXPECT_EQ(FailedStep(words)["step"], "find key");
}

TEST_F(CliDoctorTest, WithoutAConfigurationTheCatalogueIsReadWhereAStateDirectoryIsGiven) {
  InitCa();
  Words words = TokenOptions();
  words.insert(words.end(), {"--key", "rk/rootkeep-ca/mesh/1", "--state", state_});
  words.insert(words.begin(), {"doctor", "--json"});
  const json report = Json(Rootkeep(words));
  const auto steps = Steps(report);
  EXPECT_THAT(steps, ::testing::IsSupersetOf(std::vector<std::pair<std::string, std::string>>{
                         {"state", "ok"}, {"catalogue", "ok"}, {"permission", "ok"}, {"sign and verify", "ok"}}));
  ASSERT_OK_AND_ASSIGN(const auto catalog, Catalog::OpenExisting(state_ + "/keys.db"));
  ASSERT_THAT(catalog->Retire("rk/rootkeep-ca/mesh/1", SystemClock().Now()), IsOk());
  Words key(words.begin() + 2, words.end());
  const json step = FailedStep(key);
  EXPECT_EQ(step["step"], "permission");
  EXPECT_THAT(step["detail"].get<std::string>(), HasSubstr("it is RETIRED"));
  EXPECT_EQ(Rootkeep({"doctor", "--config", Config(), "--state", state_}).exit_code, 2);
}

// As what was refused by another program that has this state.
TEST_F(CliDoctorTest, APinThatIsOnRecordAsRefusedIsNotSent) {
  InitCa();
  const std::string right = *ReadFile(hsm_.pin_file(), 64);
  ASSERT_THAT(WriteFileAtomically(hsm_.pin_file(), "90210", 0600), IsOk());
  Words words = TokenOptions();
  words.insert(words.end(), {"--state", state_});
  EXPECT_EQ(FailedStep(words)["step"], "log in");
  ASSERT_THAT(WriteFileAtomically(hsm_.pin_file(), right, 0600), IsOk());
  EXPECT_THAT(FailedStep(words)["detail"].get<std::string>(), HasSubstr("not sent again"));
}

TEST_F(CliDoctorTest, WithoutAStateDirectoryItSaysThatNoCatalogueWasRead) {
  Words words = TokenOptions();
  words.insert(words.begin(), "doctor");
  const ProgramResult result = Rootkeep(words);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, ::testing::ContainsRegex("warning +catalogue .*not read: neither --state nor --config"));
}

TEST_F(CliDoctorTest, AKeyInWrongCustody) {
  Import("rk/rootkeep-ca/mesh/1", "0b");
  Words words = TokenOptions();
  words.insert(words.end(), {"--key", "rk/rootkeep-ca/mesh/1"});
  const json step = FailedStep(words);
  EXPECT_EQ(step["step"], "custody");
  EXPECT_THAT(step["detail"].get<std::string>(), HasSubstr("CKA_"));
}

TEST_F(CliDoctorTest, ProductionRefusesASoftwareToken) {
  InitCa();
  const json step = FailedStep({"--config", Config("production: true\n")});
  EXPECT_EQ(step["step"], "custody");
  EXPECT_THAT(step["detail"].get<std::string>(), HasSubstr("software token"));
}

TEST_F(CliDoctorTest, ACertificateOfAnotherKey) {
  InitCa();
  ASSERT_EQ(OnToken({"key", "create", "--use", "rootkeep-ca", "--name", "other"}).exit_code, 0);
  const json other = Json(OnToken({"key", "show", "rk/rootkeep-ca/other/1", "--json"}));
  const std::string uri = state_ + "/authorities/mesh/1/key.uri";
  ASSERT_THAT(WriteFileAtomically(uri, other["uri"].get<std::string>() + "\n", 0600), IsOk());
  EXPECT_EQ(FailedStep({"--config", Config()})["step"], "certificates");
}

TEST_F(CliDoctorTest, AnAuthorityThatWasNeverInstalled) {
  ASSERT_EQ(Rootkeep({"ca", "request", "--config", Config(), "--name", "mesh", "--trust-domain", "cluster.local",
                      "--out", dir_ / "mesh.csr"})
                .exit_code,
            0);
  const ProgramResult result = Rootkeep({"doctor", "--config", Config()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, ::testing::ContainsRegex("FAILED +read files"));
  EXPECT_THAT(result.out, ::testing::ContainsRegex("not tried +find key"));
}

}  // namespace
}  // namespace rootkeep::testing
