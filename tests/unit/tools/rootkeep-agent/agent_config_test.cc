#include "tools/rootkeep-agent/agent_config.h"

#include <fmt/format.h>
#include <unistd.h>

#include "keystore/base/file.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::agent {
namespace {

using testing::HasCode;
using testing::IsOk;
using testing::Says;

constexpr char kMinimal[] = R"(version: 1
modules:
  - name: softhsm
    path: /usr/lib/softhsm/libsofthsm2.so
tokens:
  - name: node
    label: rootkeep
    pin_source: file:/etc/rootkeep/pin
sockets:
  - name: web
    path: /run/rootkeep-agent/web/keys
    grants:
      - keys:
          - use: app
            name: web-*
)";

std::string With(std::string_view from, std::string_view to) {
  std::string text(kMinimal);
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string ProblemsOf(std::string_view text) {
  config::Problems problems;
  const auto config = ParseAgentConfig(text, problems);
  EXPECT_EQ(config.has_value(), problems.empty());
  return config::DescribeProblems("a.yaml", problems);
}

AgentConfig Parsed(std::string_view text) {
  config::Problems problems;
  auto config = ParseAgentConfig(text, problems);
  EXPECT_TRUE(config.has_value()) << config::DescribeProblems("a.yaml", problems);
  return config.value_or(AgentConfig{});
}

TEST(AgentConfig, WhatIsLeftOutHasADefault) {
  const AgentConfig config = Parsed(kMinimal);
  EXPECT_EQ(config.state_directory, "/var/lib/rootkeep-agent");
  EXPECT_EQ(config.tokens.front().module, "softhsm");
  EXPECT_EQ(config.drain, std::chrono::seconds(10));
  const SocketConfig& socket = config.sockets.front();
  EXPECT_EQ(socket.mode, 0600U);
  EXPECT_FALSE(socket.ca_service);
  EXPECT_FALSE(socket.grants.front().may_create);
  EXPECT_EQ(socket.grants.front().keys.front().use, KeyUse::kApp);
  EXPECT_TRUE(socket.grants.front().keys.front().token.empty());
}

TEST(AgentConfig, EveryUseHasItsName) {
  for (const KeyUse use : {KeyUse::kRootkeepCa, KeyUse::kLog, KeyUse::kNode, KeyUse::kApp, KeyUse::kForeignCa}) {
    const AgentConfig config = Parsed(With("use: app", "use: " + std::string(KeyUseName(use))));
    EXPECT_EQ(config.sockets.front().grants.front().keys.front().use, use);
  }
}

TEST(AgentConfig, SaysWhereItIsWrong) {
  EXPECT_EQ(ProblemsOf(With("use: app", "use: nobody")).substr(0, 12), "a.yaml:14:18");
  const std::pair<std::string, const char*> cases[] = {
      {With("version: 1", "version: 2"), "newer than this program"},
      {With("/run/rootkeep-agent/web/keys", "run/keys"), "path"},
      {With("/run/rootkeep-agent/web/keys", "/run/" + std::string(110, 'x')), "107 octets"},
      {With("    grants:", "    mode: \"0777\"\n    grants:"), "mode"},
      {With("    grants:", "    mode: \"rw\"\n    grants:"), "mode"},
      {With("name: web-*", "name: Web"), "neither the name of a key"},
      {With("name: web-*", "name: \"w*b\""), "neither the name of a key"},
      {With("            name: web-*\n", ""), "neither the name of a key"},
      {With("            name: web-*\n", "            name: web-*\n            token: other\n"), "token"},
      {With("      - keys:", "      - users: [\"\"]\n        keys:"), "empty name"},
      {With("use: app", "usage: app"), "usage"}};
  for (const auto& [text, part] : cases) EXPECT_THAT(ProblemsOf(text), ::testing::HasSubstr(part)) << text;
  EXPECT_THAT(ProblemsOf("version: 1\n"),
              ::testing::AllOf(::testing::HasSubstr("modules"), ::testing::HasSubstr("tokens"),
                               ::testing::HasSubstr("sockets")));
}

TEST(AgentConfig, KeysOfOtherToolsAreNamed) {
  const auto with = [](const std::string& key) { return With("sockets:", "keys:\n  - " + key + "\nsockets:"); };
  const AgentConfig config = Parsed(with("{name: tls, use: app, uri: \"pkcs11:object=TLS%20key;id=%01\"}"));
  ASSERT_EQ(config.keys.size(), 1U);
  EXPECT_EQ(config.keys[0].name, "tls");
  EXPECT_EQ(config.keys[0].use, KeyUse::kApp);
  EXPECT_EQ(config.keys[0].uri.object_label, "TLS key");
  EXPECT_EQ(config.keys[0].token, "node");
  const std::pair<std::string, const char*> cases[] = {
      {"{name: tls, uri: \"pkcs11:object=a\"}", "keys[0].use: is required"},
      {"{name: tls, use: rootkeep-ca, uri: \"pkcs11:object=a\"}", "keys[0].use: is for keys that Rootkeep made"},
      {"{name: tls, use: log, uri: \"pkcs11:object=a\"}", "keys[0].use"},
      {"{name: TLS, use: app, uri: \"pkcs11:object=a\"}", "keys[0].name"},
      {"{name: tls, use: app}", "keys[0].uri"},
      {"{name: tls, use: app, uri: \"pkcs11:token=a\"}", "names no key"},
      {"{name: tls, use: app, uri: \"pkcs11:object=a?pin-source=file:/p\"}", "says where a PIN is"},
      {"{name: tls, use: app, uri: \"pkcs11:object=a?pin-value=1234\"}", "keys[0].uri"},
      {"{name: tls, use: app, uri: \"pkcs11:object=rk%2Frootkeep-ca%2Fmesh%2F1\"}", "says the use already"},
      {"{name: tls, use: app, uri: \"pkcs11:object=a\", token: other}", "keys[0].token"}};
  for (const auto& [key, part] : cases) EXPECT_THAT(ProblemsOf(with(key)), ::testing::HasSubstr(part)) << key;
  EXPECT_THAT(ProblemsOf(with("{name: tls, use: app, uri: \"pkcs11:object=a?pin-value=1234\"}")),
              ::testing::Not(::testing::HasSubstr("1234")));
}

TEST(AgentConfig, SaysHowLongReplacedKeysAreKept) {
  const auto with = [](const std::string& value) { return std::string(kMinimal) + "replaced_keys: " + value + "\n"; };
  EXPECT_EQ(Parsed(kMinimal).replaced_keys.grace, std::chrono::hours(48));
  EXPECT_EQ(Parsed(kMinimal).replaced_keys.keep, 8U);
  const AgentConfig config = Parsed(with("{grace: 24h, keep: 3}"));
  EXPECT_EQ(config.replaced_keys.grace, std::chrono::hours(24));
  EXPECT_EQ(config.replaced_keys.keep, 3U);
  EXPECT_THAT(ProblemsOf(with("{grace: 23h}")), ::testing::HasSubstr("replaced_keys.grace"));
  EXPECT_THAT(ProblemsOf(with("{keep: 2}")), ::testing::HasSubstr("replaced_keys.keep: is not 3 to 1000"));
  EXPECT_THAT(ProblemsOf(with("{keep: 0}")), ::testing::HasSubstr("replaced_keys.keep"));
  EXPECT_THAT(ProblemsOf(with("{keep: 1001}")), ::testing::HasSubstr("replaced_keys.keep"));
}

std::string WithTpm(const std::string& more) {
  const std::string text(kMinimal);
  return "version: 1\ntpms:\n  - {name: tpm0" + more + "}\n" + text.substr(text.find("sockets:"));
}

TEST(AgentConfig, ATpmIsATokenToo) {
  const AgentConfig config = Parsed(WithTpm(", tcti: \"device:/dev/tpmrm0\""));
  ASSERT_EQ(config.tokens.size(), 1U);
  const config::Token& token = config.tokens.front();
  EXPECT_EQ(token.name, "tpm0");
  EXPECT_EQ(token.label, "tpm0");
  ASSERT_TRUE(token.tpm.has_value());
  EXPECT_EQ(token.tpm->directory, "/var/lib/rootkeep-agent/tpms/tpm0");
  EXPECT_EQ(token.tpm->turn_file, "/var/lib/rootkeep-agent/tpms/tpm0/turn");
  EXPECT_FALSE(token.tpm->session.has_value());
  EXPECT_FALSE(token.tpm->empty_auth);
  const AgentConfig told =
      Parsed(WithTpm(", tcti: \"swtpm:path=/s\", directory: /d, session: password, empty_auth: true, turn_file: /t"));
  EXPECT_EQ(told.tokens.front().tpm->directory, "/d");
  EXPECT_EQ(told.tokens.front().tpm->turn_file, "/t");
  EXPECT_EQ(told.tokens.front().tpm->session, config::TpmSession::kPassword);
  EXPECT_TRUE(told.tokens.front().tpm->empty_auth);
}

TEST(AgentConfig, SaysWhatIsWrongWithATpm) {
  const std::string good = ", tcti: \"device:/dev/tpmrm0\"";
  const std::pair<std::string, const char*> cases[] = {
      {WithTpm(""), "tpms[0].tcti"},
      {WithTpm(", tcti: device"), "tpms[0].tcti"},
      {WithTpm(", tcti: \"cmd:sh\""), "tpms[0].tcti"},
      {WithTpm(", tcti: \"swtpm:host=192.0.2.1,port=2321\""), "another host"},
      {WithTpm(", tcti: \"mssim:port=2321,host=localhost.example\""), "another host"},
      {WithTpm(good + ", directory: d"), "tpms[0].directory"},
      {WithTpm(good + ", turn_file: t"), "tpms[0].turn_file"},
      {WithTpm(good + ", session: none"), "tpms[0].session"},
      {With("sockets:", "tpms: [{name: node, tcti: \"device:/dev/tpmrm0\"}]\nsockets:"), "is the name of a token"},
      {WithTpm(good) + "keys: [{name: a, use: app, uri: \"pkcs11:object=a\"}]\n", "is no tpm2: URI"},
      {With("sockets:", "keys: [{name: a, use: app, uri: \"tpm2:object=a\"}]\nsockets:"), "is a tpm2: URI"}};
  for (const auto& [text, part] : cases) EXPECT_THAT(ProblemsOf(text), ::testing::HasSubstr(part)) << text;
  const AgentConfig named = Parsed(WithTpm(good) + "keys: [{name: a, use: app, uri: \"tpm2:handle=0x81000100\"}]\n");
  EXPECT_EQ(named.keys.front().uri.object_label, "0x81000100");
}

constexpr char kCertificate[] = R"(certificates:
  - name: web
    address: ca.test:15012
    anchors_file: /etc/anchors.pem
    token_file: /etc/token
    chain_file: /run/chain.pem
    bundle_file: /run/bundle.pem
    key_file: /run/key.pem
)";

TEST(AgentConfig, CertificatesHaveDefaults) {
  const AgentConfig config = Parsed(std::string(kMinimal) + kCertificate);
  ASSERT_EQ(config.certificates.size(), 1U);
  const CertificateConfig& certificate = config.certificates[0];
  EXPECT_EQ(certificate.key.name, "web");
  EXPECT_EQ(certificate.key.use, KeyUse::kApp);
  EXPECT_EQ(certificate.key.type, KeyType::kEcP256);
  EXPECT_EQ(certificate.token, "node");
  EXPECT_EQ(certificate.mode, 0644U);
  EXPECT_TRUE(certificate.socket_path.empty());
  EXPECT_TRUE(certificate.reload.empty());
  EXPECT_EQ(certificate.reload_timeout, std::chrono::seconds(30));
}

TEST(AgentConfig, SaysWhatIsWrongWithACertificate) {
  const std::pair<const char*, const char*> cases[] = {
      {"    key: {use: rootkeep-ca}\n", "certificates[0].key.use"},
      {"    key: {name: Web}\n", "certificates[0].key.name"},
      {"    key: {type: rsa-1024}\n", "certificates[0].key.type"},
      {"    key: {token: other}\n", "certificates[0].key.token"},
      {"    socket: other\n", "certificates[0].socket"},
      {"    identities: [\"\"]\n", "certificates[0].identities"},
      {"    identities: [\"a b\"]\n", "certificates[0].identities"},
      {"    identities: [\"web..test\"]\n", "certificates[0].identities"},
      {"    identities: [\"spiffe://a b\"]\n", "certificates[0].identities"},
      {"    lifetime: 0s\n", "certificates[0].lifetime"},
      {"    mode: \"0777\"\n", "certificates[0].mode"},
      {"    reload: [systemctl, reload, nginx]\n", "absolute path of a program"},
      {"    reload_timeout: 1h\n", "certificates[0].reload_timeout"}};
  for (const auto& [line, part] : cases) {
    EXPECT_THAT(ProblemsOf(std::string(kMinimal) + kCertificate + line), ::testing::HasSubstr(part)) << line;
  }
  for (const std::string field : {"address", "anchors_file", "chain_file", "bundle_file", "key_file"}) {
    std::string text = std::string(kMinimal) + kCertificate;
    const auto begin = text.find("    " + field + ":");
    text.erase(begin, text.find('\n', begin) - begin + 1);
    EXPECT_THAT(ProblemsOf(text), ::testing::HasSubstr("certificates[0]." + field));
  }
  for (const std::string address : {"ca.test", "ca.test:", "ca.test:0", "::1:15012", "https://ca.test:15012"}) {
    std::string text = std::string(kMinimal) + kCertificate;
    text.replace(text.find("ca.test:15012"), 13, "\"" + address + "\"");
    EXPECT_THAT(ProblemsOf(text), ::testing::HasSubstr("certificates[0].address")) << address;
  }
  EXPECT_EQ(Parsed(std::string(kMinimal) + kCertificate + "    socket: web\n").certificates[0].socket_path,
            "/run/rootkeep-agent/web/keys");
}

TEST(AgentConfig, ACertificateNeedsNoToken) {
  std::string text = std::string(kMinimal) + kCertificate;
  text.replace(text.find("    token_file: /etc/token\n"), 27,
               "    identities: [\"*.web.test\", \"::1\", \"spiffe://td/web\"]\n");
  const AgentConfig config = Parsed(text);
  EXPECT_TRUE(config.certificates[0].token_file.empty());
  EXPECT_EQ(config.certificates[0].identities.size(), 3U);
}

TEST(AgentConfig, NoTwoCertificatesShareAFile) {
  const auto with = [](const std::string& second) {
    std::string more(kCertificate);
    more = more.substr(more.find('\n') + 1);
    more.replace(more.find("name: web"), 9, "name: other");
    for (const std::string file : {"chain", "bundle", "key"}) {
      more.replace(more.find("/run/" + file), 5 + file.size(),
                   "/run/" + (file == second ? "" : std::string("other-")) + file);
    }
    return std::string(kMinimal) + kCertificate + more;
  };
  EXPECT_EQ(Parsed(with("none")).certificates.size(), 2U);
  for (const std::string file : {"chain", "bundle", "key"}) {
    EXPECT_THAT(ProblemsOf(with(file)), ::testing::HasSubstr(fmt::format("certificates[1].{0}_file: /run/{0}", file)));
  }
}

TEST(AgentConfig, OperatorsHaveAPortOnlyWhereItIsAskedFor) {
  EXPECT_TRUE(Parsed(kMinimal).operations.empty());
  const auto with = [](const std::string& list) { return std::string(kMinimal) + "operations: " + list + "\n"; };
  EXPECT_EQ(Parsed(with("[{address: \"127.0.0.1:15017\"}, {address: \"[::1]:0\"}]")).operations,
            (std::vector<config::Operations>{{"127.0.0.1:15017"}, {"[::1]:0"}}));
  for (const char* list : {"[{}]", "[{address: localhost}]", "[{address: \"unix:/run/x\"}]",
                           "[{address: \"127.0.0.1:1\"}, {address: \"127.0.0.1:1\"}]"}) {
    EXPECT_THAT(ProblemsOf(with(list)), ::testing::HasSubstr("operations[")) << list;
  }
}

TEST(AgentConfig, NoTwoSocketsAreOne) {
  std::string text(kMinimal);
  const std::string socket = text.substr(text.find("  - name: web\n"));
  EXPECT_THAT(ProblemsOf(text + socket),
              ::testing::AllOf(::testing::HasSubstr("sockets[1].name"), ::testing::HasSubstr("sockets[1].path")));
}

TEST(AgentConfig, AccountsAreThoseOfThisSystem) {
  AgentConfig config = Parsed(With("    grants:\n      - keys:",
                                   "    owner: root\n    group: \"0\"\n    grants:\n      - users: [root, \"4711\"]\n"
                                   "        groups: [root]\n        keys:"));
  ASSERT_OK_AND_ASSIGN(const auto sockets, SocketsOf(config));
  EXPECT_EQ(sockets.front().owner, 0U);
  EXPECT_EQ(sockets.front().group, 0U);
  EXPECT_EQ(sockets.front().grants.front().users, (std::vector<uid_t>{0, 4711}));
  EXPECT_EQ(sockets.front().grants.front().groups, (std::vector<gid_t>{0}));
  config.sockets.front().owner = "no-such-user-here";
  EXPECT_THAT(SocketsOf(config), HasCode(Code::kNotFound));
  EXPECT_THAT(SocketsOf(config), Says("socket web"));
  config.sockets.front().owner = "4294967295";
  EXPECT_THAT(SocketsOf(config), HasCode(Code::kNotFound));
}

TEST(AgentConfig, CaKeysStayOnTheirOwnSocket) {
  EXPECT_THAT(SocketsOf(Parsed(With("use: app", "use: rootkeep-ca"))),
              Says("only for a socket of the CA service's own"));
  EXPECT_THAT(SocketsOf(Parsed(With("    grants:", "    ca_service: true\n    grants:"))),
              HasCode(Code::kFailedPrecondition));
}

TEST(AgentConfig, AFileThatOthersCanWriteIsRefused) {
  const testing::TempDir directory;
  ASSERT_THAT(WriteFileAtomically(directory / "a.yaml", kMinimal, 0666), IsOk());
  EXPECT_THAT(LoadAgentConfig(directory / "a.yaml"), HasCode(Code::kFailedPrecondition));
  ASSERT_THAT(WriteFileAtomically(directory / "a.yaml", kMinimal, 0644), IsOk());
  EXPECT_THAT(LoadAgentConfig(directory / "a.yaml"), IsOk());
}

constexpr char kAttested[] = R"(version: 1
tpms:
  - name: tpm0
    tcti: device:/dev/tpmrm0
sockets:
  - name: web
    path: /run/rootkeep-agent/web/keys
    grants:
      - keys:
          - use: app
            name: web
certificates:
  - name: node
    key:
      token: tpm0
    address: ca.test:15012
    anchors_file: /etc/rootkeep/ca.pem
    chain_file: /var/cache/node/chain.pem
    bundle_file: /var/cache/node/roots.pem
    key_file: /var/cache/node/key.pem
    attestation:
      node_id: node-17
)";

std::string AttestedWith(std::string_view from, std::string_view to) {
  std::string text(kAttested);
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(AgentConfig, ANodesCertificateIsForWhatTheTpmSays) {
  const CertificateConfig config = Parsed(kAttested).certificates.front();
  ASSERT_TRUE(config.attestation);
  EXPECT_EQ(config.attestation->node_id, "node-17");
  EXPECT_EQ(config.attestation->endorsement_key, "");
  EXPECT_EQ(config.key.use, KeyUse::kNode);
  EXPECT_EQ(config.key.name, "node");
  EXPECT_EQ(config.token, "tpm0");
  const std::pair<std::string, const char*> cases[] = {
      {AttestedWith("      node_id: node-17\n", "      endorsement_key: H-3\n"), "attestation.node_id: is required"},
      {AttestedWith("node-17", "node/17"), "attestation.node_id"},
      {AttestedWith("node-17\n", "node-17\n      endorsement_key: X-1\n"), "attestation.endorsement_key"},
      {AttestedWith("node-17\n", "node-17\n      boot_log_file: log\n"), "attestation.boot_log_file"},
      {AttestedWith("node-17\n", "node-17\n      ek_certificate_file: ek\n"), "attestation.ek_certificate_file"},
      {AttestedWith("    attestation:", "    token_file: /t\n    attestation:"), "token_file: has no place"},
      {AttestedWith("    attestation:", "    lifetime: 1h\n    attestation:"), "lifetime: has no place"},
      {AttestedWith("    attestation:", "    identities: [a.test]\n    attestation:"), "identities: has no place"}};
  for (const auto& [text, part] : cases) EXPECT_THAT(ProblemsOf(text), ::testing::HasSubstr(part)) << text;
  std::string other = AttestedWith("sockets:",
                                   "modules: [{name: m, path: /m.so}]\n"
                                   "tokens: [{name: node, label: a, pin_source: \"file:/p\"}]\nsockets:");
  other.replace(other.find("token: tpm0"), 11, "token: node");
  EXPECT_THAT(ProblemsOf(other), ::testing::HasSubstr("key.token: is no TPM"));
}

}  // namespace
}  // namespace rootkeep::agent
