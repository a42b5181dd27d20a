// The section `relay`, and whose keys it puts on the agent's own socket.
#include <gmock/gmock.h>

#include "tests/support/matchers.h"
#include "tools/rootkeep-agent/agent_config.h"
#include "tools/rootkeep-agent/own_socket.h"

namespace rootkeep::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Says;

constexpr char kNode[] = R"(version: 1
tpms:
  - name: tpm0
    tcti: device:/dev/tpmrm0
sockets:
  - name: apps
    path: /run/rootkeep-agent/apps/keys
    grants:
      - keys:
          - use: app
            name: "*"
)";

std::string Certificate(const std::string& name, const std::string& proof) {
  return "  - name: " + name + "\n    key: {token: tpm0}\n    address: ca.test:15012\n    anchors_file: /ca.pem\n" +
         "    chain_file: /" + name + ".chain\n    bundle_file: /" + name + ".roots\n    key_file: /" + name +
         ".key\n    " + proof + "\n";
}
const std::string kAttestation = "attestation: {node_id: node-17}";
const std::string kWeb = Certificate("web", "token_file: /token");

// A node with its own certificate, an application's, and this relay.
std::string With(const std::string& relay) {
  return kNode + ("certificates:\n" + Certificate("node", kAttestation) + kWeb) + "relay: " + relay + "\n";
}

std::string ProblemsOf(const std::string& text) {
  config::Problems problems;
  const auto config = ParseAgentConfig(text, problems);
  EXPECT_EQ(config.has_value(), problems.empty());
  return config::DescribeProblems("a.yaml", problems);
}

AgentConfig Parsed(const std::string& text) {
  config::Problems problems;
  auto config = ParseAgentConfig(text, problems);
  EXPECT_TRUE(config.has_value()) << config::DescribeProblems("a.yaml", problems);
  return config.value_or(AgentConfig{});
}

bool Takes(const AgentConfig& config, const char* peer) {
  return config.relay->clients.Holds(relay::ParsePeerAddress(peer).value());
}

TEST(RelayConfig, IsOffByDefault) { EXPECT_FALSE(Parsed(kNode).relay); }

TEST(RelayConfig, HasDefaults) {
  const AgentConfig config = Parsed(With("{addresses: [\"127.0.0.1:15012\", \"[::1]:15012\"]}"));
  ASSERT_TRUE(config.relay);
  EXPECT_THAT(config.relay->addresses, ElementsAre("127.0.0.1:15012", "[::1]:15012"));
  EXPECT_EQ(config.relay->certificate, "node") << "the only one with an attestation";
  EXPECT_EQ(config.relay->max_calls, 256U);
  EXPECT_EQ(config.relay->timeout, std::chrono::seconds(15));
  EXPECT_EQ(config.relay->connections.open, 512U);
  EXPECT_EQ(config.relay->connections.per_second, 4U);
  EXPECT_TRUE(Takes(config, "127.0.0.1"));
  EXPECT_FALSE(Takes(config, "10.244.3.7"));
}

TEST(RelayConfig, ListensBeyondLoopbackForNamedClientsOnly) {
  const AgentConfig config = Parsed(With("{addresses: [\"169.254.20.11:15012\"], clients: [10.244.3.0/24]}"));
  EXPECT_TRUE(Takes(config, "10.244.3.7"));
  EXPECT_TRUE(Takes(config, "::1")) << "beside loopback";
  EXPECT_THAT(ProblemsOf(With("{addresses: [\"169.254.20.11:15012\"]}")), HasSubstr("relay.clients: is required"));
  EXPECT_THAT(ProblemsOf(With("{addresses: [\"[fd00::1]:15012\"]}")), HasSubstr("relay.clients: is required"));
}

TEST(RelayConfig, EveryInterfaceHasToBeSaid) {
  for (const std::string every :
       {"0.0.0.0:15012", "[::]:15012", "[::0]:15012", "[0:0:0:0:0:0:0:0]:15012", "[::ffff:0.0.0.0]:15012"}) {
    const std::string addresses = "addresses: [\"" + every + "\"], clients: [10.244.3.0/24]";
    EXPECT_THAT(ProblemsOf(With("{" + addresses + "}")),
                HasSubstr("relay.addresses: " + every + " is every interface"));
    EXPECT_TRUE(Parsed(With("{" + addresses + ", every_interface: true}")).relay);
    EXPECT_THAT(ProblemsOf(With("{addresses: [\"" + every + "\"], every_interface: true}")),
                HasSubstr("relay.clients: is required"));
  }
}

TEST(RelayConfig, WhatIsWrongIsNamed) {
  const std::string good = "addresses: [\"127.0.0.1:0\"]";
  const std::pair<std::string, const char*> cases[] = {
      {With("{}"), "relay.addresses: is required"},
      {With("{addresses: [\"localhost:15012\"]}"), "relay.addresses"},
      {With("{addresses: [\"unix:/run/x\"]}"), "relay.addresses"},
      {With("{" + good + ", clients: [\"10.0.0.1/8\"]}"), "relay.clients: \"10.0.0.1/8\" has bits"},
      {With("{" + good + ", certificate: web}"),
       "relay.certificate: there is no certificate with an attestation \"web\""},
      {With("{" + good + ", max_calls: 0}"), "relay.max_calls"},
      {With("{" + good + ", max_connections: 3}"), "relay.max_connections: 3 is not between 4 and 10000"},
      {With("{" + good + ", max_handshakes: 1}"), "relay.max_handshakes: 1 is not between 2 and 10000"},
      {With("{" + good + ", timeout: 3m}"), "relay.timeout"},
      {kNode + ("certificates:\n" + kWeb) + "relay: {" + good + "}\n", "relay.certificate: needs one"}};
  for (const auto& [text, part] : cases) EXPECT_THAT(ProblemsOf(text), HasSubstr(part)) << text;
}

std::vector<std::string> OwnKeys(const AgentConfig& config) {
  std::vector<std::string> names;
  const auto own = OwnSocket(config).value();
  for (const auto& key : own.grants.front().keys) names.push_back(key.name);
  return names;
}

TEST(RelayConfig, PutsTheNodesKeyOnTheAgentsOwnSocket) {
  AgentConfig config = Parsed(With("{addresses: [\"127.0.0.1:0\"]}"));
  EXPECT_THAT(OwnKeys(config), ElementsAre("node", "web"));
  config.relay.reset();
  EXPECT_THAT(OwnKeys(config), ElementsAre("web"));
}

// It could show nothing else.
TEST(RelayConfig, ARelayWithoutTheProviderIsAnError) {
  AgentConfig config = Parsed("openssl_provider: /nowhere/rootkeep.so\n" + With("{addresses: [\"127.0.0.1:0\"]}"));
  EXPECT_THAT(PrepareOwnSocket(config), Says("rootkeep.so is in the folder"));
  config.relay.reset();
  ASSERT_OK_AND_ASSIGN(const auto own, PrepareOwnSocket(config));
  EXPECT_FALSE(own);
}

TEST(KeyEvidenceConfig, IsForKeysInATpmShownWithAToken) {
  const auto with = [](const std::string& rest) { return kNode + ("certificates:\n" + Certificate("web", rest)); };
  const AgentConfig config = Parsed(with("token_file: /token\n    key_evidence: true"));
  EXPECT_TRUE(config.certificates.front().key_evidence);
  ASSERT_OK_AND_ASSIGN(const auto own, PrepareOwnSocket(config));
  EXPECT_FALSE(own) << "no certificate is shown";
  EXPECT_FALSE(Parsed(with("token_file: /token")).certificates.front().key_evidence);
  EXPECT_THAT(ProblemsOf(with("key_evidence: true")), HasSubstr("certificates[0].token_file: is required"));
  EXPECT_THAT(ProblemsOf(with(kAttestation + "\n    key_evidence: true")),
              HasSubstr("certificates[0].key_evidence: has no place beside an attestation"));
  std::string other = with("token_file: /token\n    key_evidence: true");
  other.replace(other.find("{token: tpm0}"), 13, "{token: hsm}");
  other += "modules: [{name: m, path: /m.so}]\ntokens: [{name: hsm, label: a, pin_source: \"file:/p\"}]\n";
  EXPECT_THAT(ProblemsOf(other), HasSubstr("certificates[0].key_evidence: is for keys in a TPM"));
}

}  // namespace
}  // namespace rootkeep::agent
