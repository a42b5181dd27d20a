// The agent attests its node to rootkeepd with a TPM, and gets the node's certificate for it.
#include <filesystem>

#include "keystore/keysocket/backend/store.h"
#include "signer/authority/certificates.h"
#include "signer/der/pem.h"
#include "tests/e2e/key_catalog_process.h"
#include "tests/support/mute_server.h"
#include "tests/support/tpm_attest.h"

namespace rootkeep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AgentAttestation : public KeyCatalogProcess {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(KeyCatalogProcess::SetUp());
    Write("roots.pem", manufacturer_.RootCertificate());
    Write("intermediates.pem", manufacturer_.IssuerCertificate());
    const std::string zero(64, '0');
    Configure(
        ConfigWith("attestation:\n  groups:\n    - name: workers\n"
                   "      pcrs: [0, 7]\n      generations:\n        - name: bare\n          pcrs:\n"
                   "            - pcr: 0\n              values: [\"" +
                       zero + "\"]\n            - pcr: 7\n              values: [\"" + zero +
                       "\"]\n  manufacturers:\n    - name: simulators\n      roots: " + File("roots.pem") +
                       "\n      ids: [\"" + TpmManufacturer::kManufacturer +
                       "\"]\n  intermediates: " + File("intermediates.pem") + "\n  nodes:\n    - id: worker-7\n",
                   "token_issuers:"));
    ASSERT_NO_FATAL_FAILURE(Start());
  }

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
  void StartAgain(const SwTpm& tpm) {
    ASSERT_EQ(agent_->Stop(kPatience), 0);
    std::filesystem::remove(File("chain.pem"));
    ASSERT_NO_FATAL_FAILURE(StartAgent(tpm));
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

TEST_F(AgentAttestation, GetsTheNodesCertificateByNewEvidenceEachTime) {
  ASSERT_NO_FATAL_FAILURE(StartAgent(tpm_));
  ASSERT_TRUE(Eventually([this] { return !Read("chain.pem").empty(); })) << Read("agent.log");
  ASSERT_OK_AND_ASSIGN(const auto chain, ParseCertificates(Read("chain.pem")));
  EXPECT_THAT(NamesOf(chain.front().get()), ElementsAre("URI:spiffe://cluster.local/node/worker-7", "DNS:localhost",
                                                        "IP:7f000001", "IP:00000000000000000000000000000001"));
  EXPECT_FALSE(Read("bundle.pem").empty());
  EXPECT_THAT(NodeSays(), HasSubstr("attested"));
  // The key is the TPM's, and usable where it was granted.
  const auto store = keysocket::OpenStore(File("run") + "/keys");
  ASSERT_OK_AND_ASSIGN(const auto keys, store->List(After(kPatience)));
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys.front().device.label, "tpm0");
  ASSERT_OK_AND_ASSIGN(const PublicKey certified, PublicKeyOf(chain.front().get()));
  EXPECT_EQ(keys.front().public_key, certified);
  EXPECT_THAT(Read("key.pem"), HasSubstr("ROOTKEEP KEY REFERENCE"));

  ASSERT_NO_FATAL_FAILURE(StartAgain(tpm_));
  EXPECT_TRUE(Eventually([this] { return !Read("chain.pem").empty(); })) << Read("agent.log");
  EXPECT_EQ(Count("node_attested"), 2);
  EXPECT_EQ(Count("certificate_not_renewed"), 0) << Read("agent.log");
  EXPECT_EQ(Count("certificates_by_token_only"), 0) << "it shows no certificate, and no token";
  ASSERT_OK_AND_ASSIGN(const auto renewed, ParseCertificates(Read("chain.pem")));
  EXPECT_EQ(PublicKeyOf(renewed.front().get()).value(), certified);
  EXPECT_EQ(agent_->Stop(kPatience), 0);
}

TEST_F(AgentAttestation, AnotherEndorsementKeyMayBeNamed) {
  ASSERT_NO_FATAL_FAILURE(StartAgent(tpm_, "      endorsement_key: L-1\n"));
  EXPECT_TRUE(Eventually([this] { return Count("node_attested") >= 1; })) << Read("agent.log");
  EXPECT_EQ(agent_->Stop(kPatience), 0);
}

TEST_F(AgentAttestation, ANodeInAnotherStateIsRefusedUntilItIsRebootedAndApproved) {
  ASSERT_NO_FATAL_FAILURE(StartAgent(tpm_));
  ASSERT_TRUE(Eventually([this] { return Count("node_attested") >= 1; })) << Read("agent.log");
  ASSERT_THAT(ExtendPcr(Esys(tpm_), 7, Bytes(32, 1)), IsOk());
  ASSERT_NO_FATAL_FAILURE(StartAgain(tpm_));
  ASSERT_TRUE(Eventually([this] { return Count("certificate_not_renewed") >= 1; })) << Read("agent.log");
  EXPECT_THAT(Read("agent.log"), HasSubstr("refused this node's evidence"));
  EXPECT_THAT(Read("agent.log"), ::testing::Not(HasSubstr("pcr_mismatch"))) << "the reason is the operator's";
  EXPECT_THAT(NodeSays(), HasSubstr("pcr_mismatch"));
  EXPECT_EQ(Read("chain.pem"), "");
  tpm_.Reboot();
  const ProgramResult approved = Rootkeep({"node", "approve", "worker-7"});
  EXPECT_EQ(approved.exit_code, 0) << approved.err;
  EXPECT_TRUE(Eventually([this] { return !Read("chain.pem").empty(); })) << Read("agent.log");
  EXPECT_EQ(agent_->Stop(kPatience), 0);
}

TEST_F(AgentAttestation, ATpmOfNoKnownManufacturerGetsNothing) {
  const TpmManufacturer nobody;
  const SwTpm foreign(nobody, "worker-7");
  ASSERT_NO_FATAL_FAILURE(StartAgent(foreign));
  ASSERT_TRUE(Eventually([this] { return Count("certificate_not_renewed") >= 2; })) << Read("agent.log");
  EXPECT_EQ(Read("chain.pem"), "");
  EXPECT_THAT(Read("agent.log"), HasSubstr("request_id"));
  EXPECT_EQ(agent_->Stop(kPatience), 0);
}

TEST_F(AgentAttestation, AServiceThatHangsHoldsUpNoStop) {
  const MuteServer mute;
  service_ = mute.address();
  ASSERT_NO_FATAL_FAILURE(StartAgent(tpm_));
  ASSERT_TRUE(mute.AwaitCaller(kPatience)) << Read("agent.log");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(agent_->Stop(kPatience), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10)) << "an attestation's limit is 90";
  EXPECT_EQ(Count("stop_forced"), 0);
}

}  // namespace
}  // namespace rootkeep::testing
