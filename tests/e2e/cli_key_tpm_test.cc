// `rootkeep key` on a TPM, and what tpm2-tools make of its files.
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "keystore/base/file.h"
#include "tests/support/matchers.h"
#include "tests/support/program.h"
#include "tests/support/swtpm.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CliKeyTpmTest : public ::testing::Test {
 protected:
  using Words = std::vector<std::string>;

  static ProgramResult Rootkeep(Words words) {
    words.insert(words.begin(), ROOTKEEP_BINARY);
    return RunProgram(words);
  }
  // With the options that name the TPM.
  ProgramResult OnTpm(Words words) const {
    words.insert(words.end(), {"--tpm", "tpm0", "--tcti", tpm_.tcti(), "--directory", keys_});
    return Rootkeep(words);
  }
  // An agent's configuration with the TPM in it.
  std::string Config() const {
    const std::string path = dir_ / "agent.yaml";
    EXPECT_THAT(WriteFileAtomically(path,
                                    "version: 1\nstate_directory: " + (dir_ / "state") +
                                        "\ntpms:\n  - name: tpm0\n    tcti: " + tpm_.tcti() +
                                        "\nsockets:\n  - name: web\n    path: /run/keys/web\n    grants:\n"
                                        "      - keys:\n          - use: app\n            name: web\n",
                                    0600),
                IsOk());
    return path;
  }
  static json Json(const ProgramResult& result) {
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json::parse(result.out, nullptr, false);
  }
  // A program of tpm2-tools, which leaves nothing in the TPM; its files are in the directory.
  void Tpm2(const std::string& command) const {
    const ProgramResult result = RunProgram({"/bin/sh", "-c",
                                             "cd " + dir_.path() + " && export TPM2TOOLS_TCTI='" + tpm_.tcti() +
                                                 "' && " + command + " && tpm2_flushcontext -t"});
    ASSERT_EQ(result.exit_code, 0) << command << ": " << result.err;
  }

  const SwTpm tpm_;
  const TempDir dir_;
  const std::string keys_ = dir_ / "tpm0";
};

TEST_F(CliKeyTpmTest, KeysAreMadeListedAndShown) {
  const json created = Json(OnTpm({"key", "create", "--name", "web", "--json"}));
  EXPECT_EQ(created["label"], "rk/app/web/1");
  EXPECT_EQ(created["voucher"], "claimed by token (software, for tests)");
  EXPECT_EQ(created["custody"]["extractable"], false);
  const json list = Json(OnTpm({"key", "list", "--json"}));
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0], created);
  EXPECT_EQ(Json(OnTpm({"key", "show", "web", "--json"})), created);
  EXPECT_EQ(OnTpm({"key", "show", "web"}).err, "") << "libtss2 keeps its lines to itself";
  EXPECT_EQ(Json(OnTpm({"key", "show", created["uri"].get<std::string>(), "--json"})), created);
  EXPECT_EQ(Json(OnTpm({"key", "create", "--name", "web", "--type", "rsa-2048", "--json"}))["label"], "rk/app/web/2");
}

TEST_F(CliKeyTpmTest, AnAgentsTpmHasItsPlaceAndItsCatalogue) {
  const Words named{"--tpm", "tpm0", "--config", Config()};
  const auto with = [&](Words words) {
    words.insert(words.end(), named.begin(), named.end());
    return Rootkeep(words);
  };
  ASSERT_EQ(with({"key", "create", "--name", "web"}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(dir_ / "state/tpms/tpm0/keys/rk_app_web_1/key.pem"));
  EXPECT_THAT(with({"key", "list"}).out, AllOf(HasSubstr("ACTIVE"), Not(HasSubstr("not in the catalogue"))));
  ASSERT_EQ(Rootkeep({"key", "retire", "--state", dir_ / "state", "rk/app/web/1"}).exit_code, 0);
  const ProgramResult destroyed = with({"key", "destroy", "rk/app/web/1", "--confirm", "rk/app/web/1"});
  EXPECT_EQ(destroyed.exit_code, 0) << destroyed.err;
  EXPECT_FALSE(std::filesystem::exists(dir_ / "state/tpms/tpm0/keys/rk_app_web_1"));
  const ProgramResult other = Rootkeep({"key", "list", "--tpm", "tpm1", "--config", Config()});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.err, HasSubstr("it has tpm0"));
}

TEST_F(CliKeyTpmTest, WhatItExportsIsLoadedAndSignsInTpm2Tools) {
  const std::string label = "rk/app/web/1";
  const json created = Json(OnTpm({"key", "create", "--name", "web", "--json"}));
  const ProgramResult exported =
      OnTpm({"key", "export", label, "--pub", dir_ / "web.pub", "--priv", dir_ / "web.priv"});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  struct stat status{};
  ASSERT_EQ(stat((dir_ / "web.priv").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  // The parent as the command itself says how to make it.
  const std::string parent = exported.out.substr(exported.out.find("tpm2_createprimary"));
  Tpm2(parent.substr(0, parent.find('\n')));
  Tpm2("tpm2_load -C parent.ctx -u web.pub -r web.priv -c web.ctx");
  Tpm2("tpm2_readpublic -c web.ctx -f pem -o public.pem");
  Tpm2(
      "echo -n 'to be signed' > message && tpm2_sign -c web.ctx -p \"$(cat tpm0/keys/rk_app_web_1/auth)\" -g sha256 "
      "-f plain -o signature message");
  Tpm2("openssl dgst -sha256 -verify public.pem -signature signature message");
  EXPECT_THAT(exported.out, HasSubstr("tpm0/keys/rk_app_web_1/auth"));
}

TEST_F(CliKeyTpmTest, AKeyWithoutAuthValueNeedsNone) {
  ASSERT_EQ(OnTpm({"key", "create", "--name", "web", "--empty-auth"}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(keys_ + "/keys/rk_app_web_1/auth"));
  const ProgramResult exported = OnTpm({"key", "export", "rk/app/web/1", "--pub", dir_ / "web.pub"});
  EXPECT_EQ(exported.exit_code, 0) << exported.err;
  EXPECT_THAT(exported.out, Not(HasSubstr("auth value")));
}

// As systemd hands it to the agent.
TEST_F(CliKeyTpmTest, AnAuthValueMayBeACredential) {
  ASSERT_EQ(OnTpm({"key", "create", "--name", "web"}).exit_code, 0);
  ASSERT_THAT(MakeDirectory(dir_ / "credentials", 0700), IsOk());
  std::filesystem::rename(keys_ + "/keys/rk_app_web_1/auth", dir_ / "credentials/tpm0.rk_app_web_1");
  const ProgramResult without = OnTpm({"key", "show", "web"});
  EXPECT_EQ(without.exit_code, 1);
  EXPECT_THAT(without.err, HasSubstr("wants an auth value"));
  const ProgramResult with =
      RunProgram({"/usr/bin/env", "CREDENTIALS_DIRECTORY=" + (dir_ / "credentials"), ROOTKEEP_BINARY, "key", "show",
                  "web", "--tpm", "tpm0", "--tcti", tpm_.tcti(), "--directory", keys_});
  EXPECT_EQ(with.exit_code, 0) << with.err;
}

TEST_F(CliKeyTpmTest, SaysWhatIsMissing) {
  EXPECT_EQ(Rootkeep({"key", "list", "--tpm", "tpm0"}).exit_code, 2);
  EXPECT_EQ(Rootkeep({"key", "list", "--tcti", tpm_.tcti()}).exit_code, 2);
  EXPECT_EQ(OnTpm({"key", "list", "--token", "main"}).exit_code, 2);
  EXPECT_EQ(OnTpm({"key", "export", "rk/app/web/1"}).exit_code, 2);
  EXPECT_EQ(OnTpm({"key", "export", "rk/app/web/1", "--pub", dir_ / "x"}).exit_code, 1);
  EXPECT_EQ(Rootkeep({"key", "list", "--tpm", "t", "--tcti", "swtpm:host=10.0.0.1", "--directory", keys_}).exit_code, 1)
      << "no TPM of another host";
}

}  // namespace
}  // namespace rootkeep::testing
