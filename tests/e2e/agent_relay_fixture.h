// Two nodes with a TPM each, whose agents are their istio CAs.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "signer/der/pem.h"
#include "tests/e2e/key_catalog_process.h"
#include "tests/support/swtpm.h"

namespace rootkeep::testing {

inline auto RequirementRefused() {
  return WasRefused(grpc::StatusCode::PERMISSION_DENIED, "request authenticate failure");
}

// The sandbox's tokens name node-1. An agent with a relay, as a node has it.
class Node {
 public:
  Node(std::string name, const TpmManufacturer& manufacturer, std::string directory)
      : name_(std::move(name)), directory_(std::move(directory)), tpm_(manufacturer, name_) {}

  // `more` stands in the list of certificates.
  void Start(const std::string& ca, const std::string& anchors, const std::string& more = "") {
    std::filesystem::create_directory(directory_);
    const std::string config =
        "version: 1\nstate_directory: " + File("state") + "\nopenssl_provider: " ROOTKEEP_PROVIDER +
        "\ntpms:\n  - name: tpm0\n    tcti: " + tpm_.tcti() + "\nsockets:\n  - name: apps\n    path: " + File("run") +
        "/keys\n    grants:\n      - keys:\n          - use: app\n            name: \"*\"\ncertificates:\n  - name: "
        "node\n" +
        "    address: \"" + ca + "\"\n    anchors_file: " + anchors + "\n    chain_file: " + File("chain.pem") +
        "\n    bundle_file: " + File("bundle.pem") + "\n    key_file: " + File("key.pem") +
        "\n    attestation:\n      node_id: " + name_ + "\n" + more + "relay:\n  addresses: [\"" + relay_ +
        "\"]\n  max_handshakes: 50\noperations:\n  - address: 127.0.0.1:0\n";
    ASSERT_THAT(WriteFileAtomically(File("agent.yaml"), config, 0600), IsOk());
    auto started = cli::Child::Start({ROOTKEEP_AGENT, "--config", File("agent.yaml")}, File("agent.log"));
    ASSERT_THAT(started, IsOk());
    agent_ = std::make_unique<cli::Child>(*std::move(started));
  }
  // The next agent listens where this one does.
  void KeepAddress() { relay_ = Address("relay"); }
  void Stop() {
    EXPECT_EQ(agent_->Stop(std::chrono::seconds(30)), 0);
    std::filesystem::remove(File("agent.log"));
  }

  [[nodiscard]] const SwTpm& tpm() const { return tpm_; }
  [[nodiscard]] std::string Log() const { return ReadFile(File("agent.log"), 1 << 20).value_or(""); }
  [[nodiscard]] int Count(const std::string& event) const {
    const std::string log = Log();
    int count = 0;
    for (auto at = log.find("\"" + event + "\""); at != std::string::npos; at = log.find("\"" + event + "\"", at + 1)) {
      ++count;
    }
    return count;
  }
  // Where it listens for "relay" or "operations"; empty until it does.
  [[nodiscard]] std::string Address(const std::string& listener) const {
    const std::string log = Log();
    const std::string mark = "\"listener\":\"" + listener + "\",\"address\":\"";
    const auto at = log.find(mark);
    if (at == std::string::npos) return {};
    return log.substr(at + mark.size(), log.find('"', at + mark.size()) - at - mark.size());
  }
  [[nodiscard]] bool Serves() const {
    return Eventually([this] { return !Address("relay").empty() && Count("relay_ca_reached") > 0; });
  }
  [[nodiscard]] std::string Get(const std::string& path) const {
    return RunProgram({"curl", "-sS", "--noproxy", "*", "http://" + Address("operations") + path}).out;
  }
  [[nodiscard]] std::string File(const std::string& name) const { return directory_ + "/" + name; }

 private:
  const std::string name_;
  const std::string directory_;
  std::string relay_ = "127.0.0.1:0";
  const SwTpm tpm_;
  std::unique_ptr<cli::Child> agent_;
};

class AgentRelay : public KeyCatalogProcess {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(KeyCatalogProcess::SetUp());
    Write("roots.pem", manufacturer_.RootCertificate());
    Write("intermediates.pem", manufacturer_.IssuerCertificate());
    const std::string zero(64, '0');
    Configure(ConfigWith(
        "attestation:\n  groups:\n    - name: workers\n      pcrs: [0]\n      generations:\n"
        "        - name: bare\n          pcrs:\n            - pcr: 0\n              values: [\"" +
            zero + "\"]\n  manufacturers:\n    - name: simulators\n      roots: " + File("roots.pem") +
            "\n      ids: [\"" + TpmManufacturer::kManufacturer + "\"]\n  intermediates: " + File("intermediates.pem") +
            "\n  nodes:\n    - id: node-1\n    - id: node-2\n"
            "requirements:\n  - name: pinned\n    identities:\n      - trust_domain: cluster.local\n"
            "        namespace: demo\n        service_account: web\n"
            "    level: token-on-attested-node\n    require_same_node: true\n"
            "  - name: sealed\n    identities:\n      - trust_domain: cluster.local\n"
            "        namespace: demo\n        service_account: sealed\n    level: attested-key\n",
        "token_issuers:"));
    ASSERT_NO_FATAL_FAILURE(KeyCatalogProcess::Start());
    roots_ = ReadFile(files().root_certificate(), 1 << 20).value_or("");
  }
  void StartNode(Node& node) { node.Start(daemon().address(), files().root_certificate()); }

  // A client of this node's, with this token ("": without any); and one that asks the CA itself.
  [[nodiscard]] IstioAnswer Over(const Node& node, const std::string& token) const {
    return Send(node.Address("relay"), roots_, CallWith(token));
  }
  [[nodiscard]] IstioAnswer Directly(const std::string& token) const { return Ask(CallWith(token)); }
  [[nodiscard]] std::string PinnedToken() const { return Token("demo", "web"); }

  [[nodiscard]] const std::string& roots() const { return roots_; }

  const TpmManufacturer manufacturer_;
  Node node_1_{"node-1", manufacturer_, File("1")};
  Node node_2_{"node-2", manufacturer_, File("2")};

 private:
  static IstioCall CallWith(const std::string& token) {
    IstioCall call;
    return token.empty() ? call : call.Bearer(token);
  }
  void Write(const std::string& name, const Bytes& certificate) const {
    ASSERT_THAT(WriteFileAtomically(File(name), der::ToPem(certificate, "CERTIFICATE"), 0600), IsOk());
  }

  std::string roots_;
};

}  // namespace rootkeep::testing
