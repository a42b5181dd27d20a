// `rootkeep provider check`, with what can be wrong where OpenSSL itself says nothing.
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/provider_fixture.h"
#include "tests/support/program.h"

namespace rootkeep {
namespace {

using ::testing::HasSubstr;
using testing::Listed;
using testing::ProgramResult;
using testing::RunProgram;

class ProviderCheck : public ProviderSuite {
 protected:
  static ProgramResult Check(const std::string& config, const std::string& key) {
    return RunProgram({ROOTKEEP_BINARY, "provider", "check", "--openssl-conf", config, "--key", key});
  }
  // A configuration with one thing changed.
  static std::string Changed(const std::string& from, const std::string& to) {
    std::string text = ReadFile(host_->Config(), 1 << 16).value_or("");
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return host_->WriteFile("changed.cnf", text.replace(at, from.size(), to));
  }
};

TEST_F(ProviderCheck, IsContentWithKeysByFileAndByUri) {
  for (const Listed listed : kListed) {
    for (const KeyCase& key : kKeys) {
      for (const std::string& name : {host_->Reference(key.name), host_->Uri(key.name)}) {
        const ProgramResult result = Check(host_->Config(listed), name);
        EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
        for (const char* step : {"configuration", "provider", "decode", "custody", "sign", "verify", "private half"}) {
          EXPECT_THAT(result.out, ::testing::ContainsRegex(std::string("ok +") + step)) << name;
        }
      }
    }
  }
  EXPECT_THAT(Check(host_->Config(Listed::kAlone), host_->Uri("p256")).out, HasSubstr("warning"));
  const ProgramResult json = RunProgram({"env", "OPENSSL_CONF=" + host_->Config(), ROOTKEEP_BINARY, "provider", "check",
                                         "--json", "--key", host_->Reference("p256")});
  EXPECT_EQ(json.exit_code, 0) << json.err;
  const auto report = nlohmann::json::parse(json.out, nullptr, false);
  ASSERT_FALSE(report.is_discarded()) << json.out;
  EXPECT_EQ(report["healthy"], true);
  EXPECT_EQ(report["steps"].size(), 8U);
}

TEST_F(ProviderCheck, SaysAsWhomItRanAndSignsWithAnRsaKeyInBothWays) {
  const ProgramResult rsa = Check(host_->Config(), host_->Reference("rsa"));
  EXPECT_EQ(rsa.exit_code, 0) << rsa.out << rsa.err;
  for (const char* step : {"sign", "verify"}) {
    EXPECT_THAT(rsa.out, ::testing::ContainsRegex(std::string("ok +") + step + " .*PKCS#1"));
    EXPECT_THAT(rsa.out, ::testing::ContainsRegex(std::string("ok +") + step + " .*PSS"));
  }
  EXPECT_THAT(rsa.out, HasSubstr("uid " + std::to_string(geteuid())));
  EXPECT_THAT(rsa.out, HasSubstr("other rights"));
}

TEST_F(ProviderCheck, SaysWhatTheTokenClaimsAndDemandsItWhenAsked) {
  const auto demand = [](const std::string& key, const char* flag) {
    return RunProgram({ROOTKEEP_BINARY, "provider", "check", "--openssl-conf", host_->Config(), "--key", key, flag});
  };
  const std::string claims =
      "sensitive, not extractable, always sensitive, never extractable, generated in the token; claimed by token "
      "(software, for tests)";
  for (const KeyCase& key : kKeys) {
    const ProgramResult made = demand(host_->Reference(key.name), "--require-non-exportable");
    EXPECT_EQ(made.exit_code, 0) << made.out;
    EXPECT_THAT(made.out, ::testing::ContainsRegex("ok +custody")) << key.name;
    EXPECT_THAT(made.out, HasSubstr(claims)) << key.name;
  }
  const ProgramResult software = demand(host_->Reference("p256"), "--production");
  EXPECT_EQ(software.exit_code, 1);
  EXPECT_THAT(software.out, ::testing::ContainsRegex("FAILED +custody"));
  EXPECT_THAT(software.out, HasSubstr("the keys of a software token are files"));
  EXPECT_THAT(software.out, ::testing::ContainsRegex("ok +sign")) << "the rest is looked at all the same";

  // A key that was in a file before it was in the token.
  const std::string file = host_->Path("imported.key");
  ASSERT_EQ(RunProgram({"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "group:P-256", "-out", file}).exit_code,
            0);
  host_->Import("imported", file);
  const std::string reference = host_->Reference("imported");
  const ProgramResult warned = Check(host_->Config(), reference);
  EXPECT_EQ(warned.exit_code, 0) << warned.out;
  EXPECT_THAT(warned.out, ::testing::ContainsRegex("warning +custody.*ONCE EXTRACTABLE, NOT generated in the token"));
  for (const char* flag : {"--require-non-exportable", "--production"}) {
    const ProgramResult refused = demand(reference, flag);
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.out, ::testing::ContainsRegex("FAILED +custody.*NOT generated in the token")) << flag;
  }
}

TEST_F(ProviderCheck, KnowsTheProviderUnderAnyName) {
  const std::string config = Changed("rootkeep = rootkeep_section", "keys = rootkeep_section");
  const ProgramResult result = Check(config, host_->Reference("p256"));
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, ::testing::ContainsRegex("ok +provider +keys"));
}

TEST_F(ProviderCheck, FindsWhatKeepsTheProviderOut) {
  const std::string key = host_->Reference("p256");
  const struct {
    std::string from, to, says;
  } wrong[] = {{"openssl_conf = all", "opensslconf = all", "no openssl_conf"},
               {"rootkeep = rootkeep_section", "", "rootkeep = rootkeep_sect"},
               {ROOTKEEP_PROVIDER, "/nowhere/rootkeep.so", "/nowhere/rootkeep.so"},
               {"\nactivate = 1\n[algorithms]", "\n[algorithms]", "activate = 1"}};
  for (const auto& mistake : wrong) {
    const ProgramResult result = Check(Changed(mistake.from, mistake.to), key);
    EXPECT_EQ(result.exit_code, 1) << mistake.says;
    EXPECT_THAT(result.out, ::testing::ContainsRegex("FAILED +provider")) << mistake.says;
    EXPECT_THAT(result.out, HasSubstr(mistake.says));
    EXPECT_THAT(result.out, HasSubstr("hint: "));
    EXPECT_THAT(result.out, ::testing::ContainsRegex("not tried +decode"));
  }
  const ProgramResult absent = Check(host_->Path("absent.cnf"), key);
  EXPECT_EQ(absent.exit_code, 1);
  EXPECT_THAT(absent.out, ::testing::ContainsRegex("FAILED +configuration"));
}

TEST_F(ProviderCheck, FindsWhatIsWrongWithTheKey) {
  const ProgramResult absent = Check(host_->Config(), host_->Reference("absent"));
  EXPECT_EQ(absent.exit_code, 1);
  EXPECT_THAT(absent.out, ::testing::ContainsRegex("FAILED +decode"));
  EXPECT_THAT(absent.out, HasSubstr(host_->socket()));
  const std::string file = host_->Path("file.key");
  ASSERT_EQ(RunProgram({"openssl", "genpkey", "-algorithm", "ED25519", "-out", file}).exit_code, 0);
  const ProgramResult ordinary = Check(host_->Config(), file);
  EXPECT_EQ(ordinary.exit_code, 1);
  EXPECT_THAT(ordinary.out, HasSubstr("no key of an agent"));
  const std::string key = host_->Reference("p256");
  host_->KillAgent();
  const ProgramResult down = Check(host_->Config(), key);
  EXPECT_EQ(down.exit_code, 1);
  EXPECT_THAT(down.out, HasSubstr("ENOENT"));
  host_->StartAgent();
  EXPECT_EQ(RunProgram({ROOTKEEP_BINARY, "provider", "check"}).exit_code, 2);
  EXPECT_THAT(RunProgram({ROOTKEEP_BINARY, "provider", "check", "--help"}).out,
              HasSubstr("rootkeep provider check --openssl-conf"));
}

}  // namespace
}  // namespace rootkeep
