// A node with a TPM, whose agent attests it to rootkeepd.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "signer/der/pem.h"
#include "tests/e2e/key_catalog_process.h"
#include "tests/support/swtpm.h"

namespace rootkeep::testing {

class AgentAttestation : public KeyCatalogProcess {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(KeyCatalogProcess::SetUp());
    Write("roots.pem", manufacturer_.RootCertificate());
    Write("intermediates.pem", manufacturer_.IssuerCertificate());
    Configure(ConfigWith("attestation:\n  groups:\n    - name: workers\n" + Accepted() +
                             "  manufacturers:\n    - name: simulators\n      roots: " + File("roots.pem") +
                             "\n      ids: [\"" + TpmManufacturer::kManufacturer +
                             "\"]\n  intermediates: " + File("intermediates.pem") + "\n  nodes:\n    - id: worker-7\n",
                         "token_issuers:"));
    ASSERT_NO_FATAL_FAILURE(Start());
  }

  // What the group asks for and accepts: here a TPM that was not booted.
  [[nodiscard]] virtual std::string Accepted() const {
    const std::string zero(64, '0');
    return "      pcrs: [0, 7]\n      generations:\n        - name: bare\n          pcrs:\n"
           "            - pcr: 0\n              values: [\"" +
           zero + "\"]\n            - pcr: 7\n              values: [\"" + zero + "\"]\n";
  }

  // `more` is about the attestation.
  void StartAgent(const SwTpm& tpm, const std::string& more = "") {
    const std::string agent =
        "version: 1\nstate_directory: " + File("agent-state") + "\ntpms:\n  - name: tpm0\n    tcti: " + tpm.tcti() +
        "\n    session: salted\nsockets:\n  - name: relay\n    path: " + File("run") +
        "/keys\n    grants:\n      - keys:\n          - use: node\n            name: node\ncertificates:\n  - name: "
        "node\n" +
        "    address: \"" + (service_.empty() ? daemon().address() : service_) +
        "\"\n    anchors_file: " + files().root_certificate() + "\n    chain_file: " + File("chain.pem") +
        "\n    bundle_file: " + File("bundle.pem") + "\n    key_file: " + File("key.pem") +
        "\n    socket: relay\n    attestation:\n      node_id: worker-7\n" + more;
    ASSERT_THAT(WriteFileAtomically(File("agent.yaml"), agent, 0600), IsOk());
    auto started = cli::Child::Start({ROOTKEEP_AGENT, "--config", File("agent.yaml")}, File("agent.log"));
    ASSERT_THAT(started, IsOk());
    agent_ = std::make_unique<cli::Child>(*std::move(started));
  }
  // As an agent that starts and finds no certificate.
  void StartAgain(const SwTpm& tpm, const std::string& more = "") {
    ASSERT_EQ(agent_->Stop(kPatience), 0);
    std::filesystem::remove(File("chain.pem"));
    ASSERT_NO_FATAL_FAILURE(StartAgent(tpm, more));
  }
  [[nodiscard]] std::string Read(const std::string& name) const { return ReadFile(File(name), 1 << 20).value_or(""); }
  // How often the agent has logged this.
  [[nodiscard]] int Count(const std::string& event) const {
    const std::string log = Read("agent.log");
    int count = 0;
    for (auto at = log.find("\"" + event + "\""); at != std::string::npos; at = log.find("\"" + event + "\"", at + 1)) {
      ++count;
    }
    return count;
  }
  [[nodiscard]] std::string NodeSays() const { return Rootkeep({"node", "show", "worker-7"}).out; }

  const TpmManufacturer manufacturer_;
  SwTpm tpm_{manufacturer_, "worker-7"};
  std::string service_;  // where the agent asks; empty: at the daemon
  std::unique_ptr<cli::Child> agent_;

 private:
  void Write(const std::string& name, const Bytes& certificate) const {
    ASSERT_THAT(WriteFileAtomically(File(name), der::ToPem(certificate, "CERTIFICATE"), 0600), IsOk());
  }
};

}  // namespace rootkeep::testing
