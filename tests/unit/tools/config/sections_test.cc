// Modules, tokens, authorities and limits.
#include "tests/unit/tools/config/config_testing.h"

namespace rootkeep::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using testing::Minimal;
using testing::MinimalWith;
using ::testing::Not;
using testing::Parsed;
using testing::ProblemsOf;

TEST(HardwareTest, References) {
  const std::string two_modules = MinimalWith("tokens:", "  - name: other\n    path: /lib/other.so\ntokens:");
  EXPECT_THAT(ProblemsOf(two_modules),
              HasSubstr("c.yaml:8:5: tokens[0].module: is required: there is not exactly one module"));
  EXPECT_EQ(ProblemsOf(MinimalWith("label: rootkeep", "label: rootkeep\n    module: sofhsm")),
            "c.yaml:8:13: tokens[0].module: there is no module \"sofhsm\"; did you mean \"softhsm\"?");
  EXPECT_THAT(ProblemsOf(MinimalWith("name: mesh", "name: mesh\n    token: nowhere")),
              HasSubstr("authorities[0].token: there is no token \"nowhere\""));
}

TEST(HardwareTest, TokensHaveALabelOrASerial) {
  EXPECT_THAT(ProblemsOf(MinimalWith("    label: rootkeep\n", "")),
              HasSubstr("tokens[0].label: is required, or serial"));
  EXPECT_EQ(Parsed(MinimalWith("label: rootkeep", "serial: \"0123\"")).tokens[0].serial, "0123");
  EXPECT_THAT(ProblemsOf(MinimalWith("label: rootkeep", "label: " + std::string(33, 'x'))),
              HasSubstr("tokens[0].label"));
  EXPECT_THAT(ProblemsOf(MinimalWith("label: rootkeep", "serial: " + std::string(17, 'x'))),
              HasSubstr("tokens[0].serial"));
}

TEST(HardwareTest, Isolation) {
  const auto with = [](const std::string& word) {
    return Parsed(MinimalWith("label: rootkeep", "label: rootkeep\n    isolation: " + word)).tokens[0].isolation;
  };
  EXPECT_EQ(Parsed(Minimal()).tokens[0].isolation, Isolation::kNone);
  EXPECT_EQ(with("none"), Isolation::kNone);
  EXPECT_EQ(with("process"), Isolation::kProcess);
  EXPECT_EQ(with("process-with-network"), Isolation::kProcessWithNetwork);
  EXPECT_THAT(ProblemsOf(MinimalWith("label: rootkeep", "label: rootkeep\n    isolation: proces")),
              HasSubstr("tokens[0].isolation"));
  EXPECT_EQ(ProblemsOf(MinimalWith("label: rootkeep", "label: rootkeep\n    max_sessions: 300")), "");
  EXPECT_THAT(
      ProblemsOf(MinimalWith("label: rootkeep", "label: rootkeep\n    max_sessions: 300\n    isolation: process")),
      HasSubstr("tokens[0].max_sessions: is at most 240 with isolation"));
}

TEST(HardwareTest, PinSourceIsNeverAPin) {
  EXPECT_EQ(ProblemsOf(MinimalWith("file:/etc/rootkeep/pin", "credential:ca-pin")), "");
  for (const std::string_view bad :
       {"12345678", "file:pin", "pin-value=12345678", "credential:", "credential:a/12345678", "env:12345678"}) {
    const std::string problems = ProblemsOf(MinimalWith("file:/etc/rootkeep/pin", "\"" + std::string(bad) + "\""));
    EXPECT_THAT(problems, HasSubstr("tokens[0].pin_source: is neither")) << bad;
    EXPECT_THAT(problems, Not(HasSubstr("12345678"))) << "what was typed may be the PIN";
  }
  EXPECT_THAT(ProblemsOf(MinimalWith("    pin_source: file:/etc/rootkeep/pin\n", "")),
              HasSubstr("tokens[0].pin_source: is required"));
}

TEST(HardwareTest, SessionsAndEnvironment) {
  EXPECT_EQ(Parsed(MinimalWith("label: rootkeep", "label: rootkeep\n    max_sessions: 2")).tokens[0].max_sessions, 2U);
  for (const std::string_view bad : {"0", "1", "1025"}) {
    EXPECT_THAT(ProblemsOf(MinimalWith("label: rootkeep", "label: rootkeep\n    max_sessions: " + std::string(bad))),
                HasSubstr("tokens[0].max_sessions: " + std::string(bad) + " is not between 2 and 1024"));
  }
  const std::string module = "path: /usr/lib/softhsm/libsofthsm2.so";
  EXPECT_EQ(Parsed(MinimalWith(module, module + "\n    environment: [{name: A_1, value: b}]")).modules[0].environment,
            (std::vector<std::pair<std::string, std::string>>{{"A_1", "b"}}));
  EXPECT_THAT(ProblemsOf(MinimalWith(module, module + "\n    environment: [{name: 1A}, {name: B}, {name: B}]")),
              ::testing::AllOf(HasSubstr("environment[0].name: is not the name"),
                               HasSubstr("environment[2].name: \"B\" is there already")));
}

TEST(AuthoritiesTest, NamesAreDirectories) {
  for (const std::string_view bad : {"..", "a/b", "Mesh", "-a", ".a", "a b"}) {
    EXPECT_THAT(ProblemsOf(MinimalWith("name: mesh", "name: \"" + std::string(bad) + "\"")),
                HasSubstr("authorities[0].name: a name is"))
        << bad;
  }
  EXPECT_THAT(ProblemsOf(MinimalWith("name: mesh", "name: " + std::string(65, 'a'))), HasSubstr("authorities[0].name"));
  EXPECT_EQ(ProblemsOf(MinimalWith("name: mesh", "name: " + std::string(64, 'a'))), "");
}

TEST(AuthoritiesTest, TrustDomains) {
  EXPECT_THAT(ProblemsOf(MinimalWith("name: mesh", "name: mesh\n    trust_domain: cluster.locale")),
              HasSubstr("authorities[0].trust_domain: there is no trust domain \"cluster.locale\"; did you mean"));
  EXPECT_THAT(ProblemsOf(MinimalWith("name: cluster.local", "name: Cluster.local")),
              HasSubstr("trust_domains[0].name: is not a trust domain"));
  EXPECT_THAT(ProblemsOf(MinimalWith("name: cluster.local", "name: cluster.local\n  - name: cluster.local")),
              HasSubstr("trust_domains[1].name: \"cluster.local\" is there already"));
  EXPECT_EQ(ProblemsOf(Minimal("  - name: other\n")), "") << "one of the two signs";
}

TEST(AuthoritiesTest, KeyUriHoldsNoPin) {
  const auto with_key = [](std::string_view key) {
    return ProblemsOf(MinimalWith("name: mesh", "name: mesh\n    key: " + std::string(key)));
  };
  EXPECT_EQ(with_key("pkcs11:token=a;id=%01;type=private"), "");
  for (const std::string_view bad : {"file:/x", "pkcs11:slot-id=1", "pkcs11:token=a;nonsense=1", "pkcs11:token=%zz",
                                     "pkcs11:token=a?pin-value=1234", "pkcs11:token=a?pin-source=file:/1234"}) {
    EXPECT_THAT(with_key(bad), HasSubstr("c.yaml:13:10: authorities[0].key: ")) << bad;
    EXPECT_THAT(with_key(bad), Not(HasSubstr("1234"))) << bad;
  }
}

TEST(AuthoritiesTest, FilesAndCustody) {
  const Config config =
      Parsed(MinimalWith("name: mesh",
                         "name: mesh\n    chain_file: /a\n    bundle_file: /b\n    extra_chain_file: /c\n"
                         "    extra_anchors_file: /d\n    client_anchors_file: /e\n    custody: hsm-backup"));
  EXPECT_EQ(config.authorities[0].chain_file, "/a");
  EXPECT_EQ(config.authorities[0].bundle_file, "/b");
  EXPECT_EQ(config.authorities[0].extra_chain_file, "/c");
  EXPECT_EQ(config.authorities[0].extra_anchors_file, "/d");
  EXPECT_EQ(config.authorities[0].client_anchors_file, "/e");
  EXPECT_EQ(config.authorities[0].custody, CustodyLevel::kHsmBackup);
  EXPECT_THAT(ProblemsOf(MinimalWith("name: mesh", "name: mesh\n    chain_file: /a")),
              HasSubstr("authorities[0].bundle_file: is required when the other is given"));
  EXPECT_THAT(ProblemsOf(MinimalWith("name: mesh", "name: mesh\n    extra_chain_file: a")),
              HasSubstr("authorities[0].extra_chain_file: \"a\" is not an absolute path"));
}

std::string WithLifetimes(std::string_view lifetimes) {
  return MinimalWith("name: mesh", "name: mesh\n    lifetimes: {" + std::string(lifetimes) + "}");
}

TEST(AuthoritiesTest, Lifetimes) {
  const Config config = Parsed(WithLifetimes("default: 1h, max: 2h, min: 10m, backdate: 1m"));
  EXPECT_EQ(config.authorities[0].lifetimes, (LifetimeRules{hours(1), hours(2), minutes(10), minutes(1)}));
  EXPECT_THAT(ProblemsOf(WithLifetimes("default: 3h, max: 2h")), HasSubstr("lifetimes.default: 3h is not between"));
  EXPECT_THAT(ProblemsOf(WithLifetimes("default: 1m")), HasSubstr("lifetimes.default: 1m is not between"));
  EXPECT_THAT(ProblemsOf(WithLifetimes("min: 4m")), HasSubstr("lifetimes.min: 4m is not more than twice the backdate"));
  EXPECT_THAT(ProblemsOf(WithLifetimes("backdate: 150s")), HasSubstr("lifetimes.min: 5m is not more than twice"));
  EXPECT_THAT(ProblemsOf(WithLifetimes("max: 3651d")), HasSubstr("lifetimes.max: 3651d is not between 1s and 3650d"));
  EXPECT_THAT(ProblemsOf(WithLifetimes("min: 0s, backdate: 0s")), HasSubstr("lifetimes.min: 0s is not between"));
  EXPECT_EQ(ProblemsOf(WithLifetimes("min: 5s, backdate: 2s, default: 6s")), "");
}

TEST(LimitsTest, RangesAndValues) {
  const Config config = Parsed(Minimal(
      "limits: {request_deadline: 3s, max_in_flight: 7, retry_window: 0s, drain: 1m}\nlog: {level: debug, file: /l}\n"
      "csr_san: strict\nproduction: true\nstate_directory: /srv\n"));
  EXPECT_EQ(config.limits, (Limits{seconds(3), 7, seconds(0), minutes(1)}));
  EXPECT_EQ(config.log, (Log{log::Level::kDebug, "/l"}));
  EXPECT_EQ(config.csr_san, CsrSan::kStrict);
  EXPECT_TRUE(config.production);
  EXPECT_EQ(config.state_directory, "/srv");
  for (const std::string_view bad : {"request_deadline: 0s", "request_deadline: 3m", "max_in_flight: 0",
                                     "max_in_flight: 1000001", "retry_window: 2h", "drain: 6m"}) {
    EXPECT_THAT(ProblemsOf(Minimal("limits: {" + std::string(bad) + "}\n")), HasSubstr("is not between")) << bad;
  }
  EXPECT_THAT(ProblemsOf(Minimal("log: {file: l}\n")), HasSubstr("log.file: \"l\" is not an absolute path"));
  EXPECT_THAT(ProblemsOf(Minimal("state_directory: srv\n")), HasSubstr("state_directory: \"srv\" is not an absolute"));
  EXPECT_THAT(ProblemsOf(Minimal("state_directory: \"\"\n")), HasSubstr("state_directory: is required"));
  EXPECT_EQ(Parsed(Minimal("log: {level: warning}\n")).log.level, log::Level::kWarning);
  EXPECT_EQ(Parsed(Minimal("log: {level: error}\n")).log.level, log::Level::kError);
}

// No token here: all is behind an agent.
constexpr std::string_view kBehindAgent = R"(version: 1
key_sockets:
  - name: agent
    path: /run/rootkeep-agent/ca/keys
trust_domains:
  - name: cluster.local
authorities:
  - name: mesh
)";

std::string BehindAgent(std::string_view from, std::string_view to) {
  std::string text(kBehindAgent);
  return text.replace(text.find(from), from.size(), to);
}

TEST(KeySocketSourceTest, TakesThePlaceOfTokens) {
  const Config config = Parsed(kBehindAgent);
  EXPECT_TRUE(config.tokens.empty());
  ASSERT_EQ(config.key_sockets.size(), 1U);
  EXPECT_EQ(config.key_sockets[0].path, "/run/rootkeep-agent/ca/keys");
  EXPECT_EQ(config.authorities[0].token, "agent");
  for (const std::string key : {"keysocket:object=mesh", "pkcs11:object=mesh"}) {
    EXPECT_EQ(Parsed(std::string(kBehindAgent) + "    key: " + key + "\n").authorities[0].key, key);
  }
  EXPECT_THAT(ProblemsOf(MinimalWith("- name: mesh", "- name: mesh\n    key: keysocket:object=mesh")),
              HasSubstr("authorities[0].key: names a key behind a key socket, and its token is none"));
  EXPECT_THAT(ProblemsOf(std::string(kBehindAgent) + "    key: keysocket:object=mesh?pin-source=file:/p\n"),
              HasSubstr("authorities[0].key"));
}

TEST(KeySocketSourceTest, IsOneOfSeveralPlacesByName) {
  const std::string both = MinimalWith("trust_domains:", "key_sockets:\n  - {name: agent, path: /k}\ntrust_domains:");
  EXPECT_THAT(ProblemsOf(both), HasSubstr("authorities[0].token"));
  EXPECT_EQ(Parsed(both + "    token: agent\n").authorities[0].token, "agent");
  EXPECT_EQ(Parsed(both + "    token: ca\n").authorities[0].token, "ca");
  EXPECT_THAT(ProblemsOf(both + "    token: other\n"), HasSubstr("token or key socket"));
}

TEST(KeySocketSourceTest, SaysWhatIsWrong) {
  EXPECT_THAT(ProblemsOf(BehindAgent("/run/rootkeep-agent/ca/keys", "keys")), HasSubstr("key_sockets[0].path"));
  EXPECT_THAT(ProblemsOf(BehindAgent("/run/rootkeep-agent/ca/keys", "/" + std::string(107, 'k'))),
              HasSubstr("107 octets"));
  EXPECT_THAT(ProblemsOf(BehindAgent("    path:", "    pin_source: file:/p\n    path:")), HasSubstr("pin_source"));
  EXPECT_THAT(ProblemsOf(MinimalWith("trust_domains:", "key_sockets:\n  - {name: ca, path: /k}\ntrust_domains:")),
              HasSubstr("key_sockets[0].name: is the name of a token"));
  EXPECT_THAT(ProblemsOf(BehindAgent("trust_domains:", "  - {name: agent, path: /k}\ntrust_domains:")),
              HasSubstr("key_sockets[1].name"));
  EXPECT_THAT(ProblemsOf(MinimalWith(
                  "tokens:\n  - name: ca\n    label: rootkeep\n    pin_source: file:/etc/rootkeep/pin\n", "")),
              HasSubstr("tokens: is required"));
}

}  // namespace
}  // namespace rootkeep::config
