#include "tools/config/load.h"

#include <sys/stat.h>

#include "keystore/base/file.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/tools/config/config_testing.h"

namespace rootkeep::config {
namespace {

using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::TempDir;
using ::testing::HasSubstr;
using testing::Minimal;
using testing::MinimalWith;
using testing::Parsed;
using testing::ProblemsOf;

TEST(ParseConfigTest, MinimalTakesEveryDefault) {
  const Config config = Parsed(Minimal());
  EXPECT_EQ(config.state_directory, "/var/lib/rootkeep");
  EXPECT_FALSE(config.production);
  ASSERT_EQ(config.listeners.size(), 1U);
  EXPECT_EQ(config.listeners[0].address, "127.0.0.1:15012");
  EXPECT_EQ(config.operations, std::vector{Operations{"127.0.0.1:15014"}});
  EXPECT_EQ(config.health, std::vector{Health{"127.0.0.1:15016"}});
  EXPECT_EQ(config.tokens.at(0).module, "softhsm");
  EXPECT_EQ(config.authorities.at(0).token, "ca");
  EXPECT_EQ(config.authorities.at(0).trust_domain, "cluster.local");
  EXPECT_EQ(config.authorities.at(0).custody, CustodyLevel::kLocalOnly);
  EXPECT_EQ(config.authorities.at(0).lifetimes, LifetimeRules{});
  EXPECT_EQ(config.trust_domains, std::vector<std::string>{"cluster.local"});
  EXPECT_TRUE(config.token_issuers.empty());
  EXPECT_TRUE(config.client_certificates);
  EXPECT_TRUE(config.impersonation.empty());
  EXPECT_EQ(config.csr_san, CsrSan::kIgnore);
  EXPECT_EQ(config.limits, Limits{});
  EXPECT_EQ(config.log, Log{});
}

TEST(ParseConfigTest, Version) {
  EXPECT_EQ(ProblemsOf(MinimalWith("version: 1", "version: 2")),
            "c.yaml:1:10: version: 2 is newer than this program, which reads version 1");
  EXPECT_EQ(ProblemsOf(MinimalWith("version: 1", "version: 2\nnewer_key: 5")),
            "c.yaml:1:10: version: 2 is newer than this program, which reads version 1");
  EXPECT_EQ(ProblemsOf(MinimalWith("version: 1\n", "")), "c.yaml: version: is required: 1");
  EXPECT_EQ(ProblemsOf(MinimalWith("version: 1", "version: 0")), "c.yaml:1:10: version: is required: 1");
}

TEST(ParseConfigTest, RequiredParts) {
  EXPECT_EQ(ProblemsOf("version: 1\n"),
            "c.yaml: modules: is required: at least one\n"
            "c.yaml: tokens: is required: at least one\n"
            "c.yaml: trust_domains: is required: at least one\n"
            "c.yaml: authorities: is required: at least one");
}

TEST(ParseConfigTest, BothStagesReportAtOnce) {
  EXPECT_EQ(
      ProblemsOf(MinimalWith("path: /usr", "path: usr") + "limits: {drain: soon}\nfoo: 1\nproduction: 3\n"),
      "c.yaml:4:11: modules[0].path: \"usr/lib/softhsm/libsofthsm2.so\" is not an absolute path\n"
      "c.yaml:13:17: limits.drain: \"soon\" is not a duration; hint: for example \"10s\", \"5m\", \"24h\", \"90d\", "
      "\"1h30m\"\n"
      "c.yaml:14:1: unknown key \"foo\"\n"
      "c.yaml:15:13: production: expected true or false, found \"3\"");
}

TEST(LoadConfigTest, ReadsAGuardedFile) {
  const TempDir dir;
  ASSERT_THAT(WriteFileAtomically(dir / "c.yaml", Minimal(), 0644), IsOk());
  ASSERT_OK_AND_ASSIGN(const Config config, LoadConfig(dir / "c.yaml"));
  EXPECT_EQ(config, Parsed(Minimal()));
  for (const mode_t mode : {mode_t{0664}, mode_t{0646}}) {
    ASSERT_EQ(chmod((dir / "c.yaml").c_str(), mode), 0);
    EXPECT_THAT(LoadConfig(dir / "c.yaml"), HasCode(Code::kFailedPrecondition));
  }
  EXPECT_THAT(LoadConfig(dir / "missing.yaml"), HasCode(Code::kNotFound));
  EXPECT_THAT(LoadConfig(dir.path()), HasCode(Code::kFailedPrecondition));
}

TEST(LoadConfigTest, NamesTheFileInEveryProblem) {
  const TempDir dir;
  ASSERT_THAT(WriteFileAtomically(dir / "c.yaml", Minimal("foo: 1\nbar: 2\n"), 0600), IsOk());
  const auto refused = LoadConfig(dir / "c.yaml");
  EXPECT_THAT(refused, HasCode(Code::kInvalidArgument));
  EXPECT_THAT(refused, HasReason("config"));
  EXPECT_THAT(refused.error().message(), HasSubstr((dir / "c.yaml") + ":13:1: unknown key \"foo\""));
  EXPECT_THAT(refused.error().message(), HasSubstr((dir / "c.yaml") + ":14:1: unknown key \"bar\""));
}

TEST(LoadConfigTest, RefusesABigFile) {
  const TempDir dir;
  ASSERT_THAT(WriteFileAtomically(dir / "c.yaml", "# " + std::string(256 * 1024, 'x') + "\n", 0600), IsOk());
  EXPECT_THAT(LoadConfig(dir / "c.yaml"), HasCode(Code::kResourceExhausted));
}

TEST(WarningsTest, SayWhatIsUnsafe) {
  EXPECT_TRUE(Warnings(Parsed(Minimal())).empty());
  EXPECT_THAT(Warnings(Parsed(Minimal("client_certificates: {enabled: false}\n"))),
              ::testing::ElementsAre(HasSubstr("nobody can authenticate")));
}

}  // namespace
}  // namespace rootkeep::config
