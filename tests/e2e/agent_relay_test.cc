// Two nodes with a TPM each, and the istio clients of each, who call their own node's agent.
#include <grpcpp/grpcpp.h>

#include <filesystem>

#include "proto/istio/ca.grpc.pb.h"
#include "signer/der/pem.h"
#include "tests/e2e/key_catalog_process.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/tpm_attest.h"

namespace rootkeep::testing {
namespace {

using istio::v1::auth::IstioCertificateService;
using ::testing::HasSubstr;

constexpr char kPinned[] = "spiffe://cluster.local/ns/demo/sa/web";

auto RequirementRefused() { return WasRefused(grpc::StatusCode::PERMISSION_DENIED, "request authenticate failure"); }
MATCHER(IsAway, "is UNAVAILABLE") { return arg.status.error_code() == grpc::StatusCode::UNAVAILABLE; }

// The sandbox's tokens name node-1. An agent with a relay, as a node has it.
class Node {
 public:
  Node(std::string name, const TpmManufacturer& manufacturer, std::string directory)
      : name_(std::move(name)), directory_(std::move(directory)), tpm_(manufacturer, name_) {}

  void Start(const std::string& ca, const std::string& anchors) {
    std::filesystem::create_directory(directory_);
    const std::string config =
        "version: 1\nstate_directory: " + File("state") + "\nopenssl_provider: " ROOTKEEP_PROVIDER +
        "\ntpms:\n  - name: tpm0\n    tcti: " + tpm_.tcti() + "\nsockets:\n  - name: apps\n    path: " + File("run") +
        "/keys\n    grants:\n      - keys:\n          - use: app\n            name: \"*\"\ncertificates:\n  - name: "
        "node\n" +
        "    address: \"" + ca + "\"\n    anchors_file: " + anchors + "\n    chain_file: " + File("chain.pem") +
        "\n    bundle_file: " + File("bundle.pem") + "\n    key_file: " + File("key.pem") +
        "\n    attestation:\n      node_id: " + name_ +
        "\nrelay:\n  addresses: [\"127.0.0.1:0\"]\noperations:\n  - address: 127.0.0.1:0\n";
    ASSERT_THAT(WriteFileAtomically(File("agent.yaml"), config, 0600), IsOk());
    auto started = cli::Child::Start({ROOTKEEP_AGENT, "--config", File("agent.yaml")}, File("agent.log"));
    ASSERT_THAT(started, IsOk());
    agent_ = std::make_unique<cli::Child>(*std::move(started));
  }
  void Stop() {
    EXPECT_EQ(agent_->Stop(std::chrono::seconds(30)), 0);
    std::filesystem::remove(File("agent.log"));
  }

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
  SwTpm tpm_;
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
            "    level: token-on-attested-node\n    require_same_node: true\n",
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

TEST_F(AgentRelay, AStolenTokenIsWorthNothingElsewhere) {
  ASSERT_NO_FATAL_FAILURE(StartNode(node_1_));
  ASSERT_NO_FATAL_FAILURE(StartNode(node_2_));
  ASSERT_TRUE(node_1_.Serves()) << node_1_.Log();
  ASSERT_TRUE(node_2_.Serves()) << node_2_.Log();
  const std::string token = PinnedToken();
  const IstioAnswer issued = Over(node_1_, token);
  EXPECT_THAT(issued, WasIssuedTo(kPinned));
  EXPECT_THAT(Over(node_2_, token), RequirementRefused());
  EXPECT_THAT(Directly(token), RequirementRefused());
  EXPECT_THAT(Over(node_1_, ""), AuthenticationRefused()) << "a node answers for nobody";
  EXPECT_THAT(Over(node_1_, "no.token.atall"), AuthenticationRefused());
  // Whose identity requires nothing gets it from anywhere.
  EXPECT_THAT(Over(node_2_, Token("demo", "other")), WasIssuedTo("spiffe://cluster.local/ns/demo/sa/other"));
  EXPECT_THAT(Directly(Token("demo", "other")), WasIssuedTo("spiffe://cluster.local/ns/demo/sa/other"));

  EXPECT_THAT(Rootkeep({"ledger", "list", "--json"}).out, HasSubstr("\"node-1\""));
  EXPECT_THAT(node_1_.Log(), HasSubstr("\"request_id\":\"" + issued.request_id + "\""))
      << "what the CA's log has it under";
  const std::string metrics = node_1_.Get("/metrics");
  EXPECT_THAT(metrics, HasSubstr("rootkeep_relay_calls_total{by=\"ca\",code=\"OK\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("rootkeep_relay_calls_total{by=\"ca\",code=\"UNAUTHENTICATED\"} 2\n"));
  EXPECT_THAT(metrics, HasSubstr("rootkeep_relay_ca_up 1\n"));
  node_1_.Stop();
  node_2_.Stop();
}

TEST_F(AgentRelay, ClientsCallItByEachOfItsNames) {
  ASSERT_NO_FATAL_FAILURE(StartNode(node_1_));
  ASSERT_TRUE(node_1_.Serves()) << node_1_.Log();
  IstioCall call;
  call.Bearer(PinnedToken());
  const std::string address = node_1_.Address("relay");
  EXPECT_THAT(Send("localhost" + address.substr(address.rfind(':')), roots(), call), WasIssuedTo(kPinned));
  EXPECT_THAT(Send(address, roots(), call, Transport::kPlain), IsAway()) << "without TLS nobody is served";
  node_1_.Stop();
}

// Of node certificate, token and evidence each is missing in turn; the token above.
TEST_F(AgentRelay, WithoutEvidenceThereIsNoNodesCertificateAndWithoutThatNoRelay) {
  const TpmManufacturer nobody;
  Node stranger("node-1", nobody, File("stranger"));
  ASSERT_NO_FATAL_FAILURE(StartNode(stranger));
  ASSERT_TRUE(Eventually([&] { return stranger.Count("certificate_not_renewed") >= 2; })) << stranger.Log();
  EXPECT_EQ(stranger.Address("relay"), "");
  EXPECT_THAT(stranger.Get("/readyz"), HasSubstr("relay not ready: there is no certificate of the node's yet"));
  stranger.Stop();
}

TEST_F(AgentRelay, WhoseEvidenceNoLongerHoldsCarriesNothing) {
  ASSERT_NO_FATAL_FAILURE(StartNode(node_1_));
  ASSERT_TRUE(node_1_.Serves()) << node_1_.Log();
  EXPECT_THAT(Over(node_1_, PinnedToken()), WasIssuedTo(kPinned));
  ASSERT_EQ(Rootkeep({"node", "deny", "node-1", "--why", "stolen"}).exit_code, 0);
  EXPECT_TRUE(Eventually([this] { return !Over(node_1_, PinnedToken()).ok(); }));
  EXPECT_THAT(Over(node_1_, PinnedToken()), AuthenticationRefused());
  node_1_.Stop();
}

TEST_F(AgentRelay, WithoutItsCaItSaysSoAtOnceAndServesAgainWhenItIsBack) {
  std::string config = Config();
  const std::string anywhere = "127.0.0.1:0";
  Configure(config.replace(config.find(anywhere), anywhere.size(), daemon().address()));
  ASSERT_NO_FATAL_FAILURE(StartNode(node_1_));
  ASSERT_TRUE(node_1_.Serves()) << node_1_.Log();
  const std::string relay = node_1_.Address("relay");
  ASSERT_EQ(daemon().Stop(kPatience), 0);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(Over(node_1_, PinnedToken()), IsAway());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_TRUE(Eventually([this] { return node_1_.Count("relay_ca_away") == 1; })) << node_1_.Log();
  EXPECT_THAT(node_1_.Get("/readyz"), HasSubstr("there is no connection to it"));
  ASSERT_NO_FATAL_FAILURE(KeyCatalogProcess::Start());
  EXPECT_TRUE(Eventually([this] { return Over(node_1_, PinnedToken()).ok(); })) << node_1_.Log();

  // The agent too comes back by itself, with the certificate that it has.
  node_1_.Stop();
  EXPECT_THAT(Send(relay, roots(), IstioCall()), IsAway());
  ASSERT_NO_FATAL_FAILURE(StartNode(node_1_));
  ASSERT_TRUE(node_1_.Serves()) << node_1_.Log();
  EXPECT_THAT(Over(node_1_, PinnedToken()), WasIssuedTo(kPinned));
  EXPECT_EQ(node_1_.Count("node_attested"), 0) << "what it found is good still";
  node_1_.Stop();
}

// With another key, so that nothing of the old identity can do.
TEST_F(AgentRelay, ANewCertificateIsTakenUpWhileClientsStay) {
  ASSERT_NO_FATAL_FAILURE(StartNode(node_1_));
  ASSERT_TRUE(node_1_.Serves()) << node_1_.Log();
  const auto stub = IstioCertificateService::NewStub(
      grpc::CreateChannel(node_1_.Address("relay"), grpc::SslCredentials({.pem_root_certs = roots()})));
  const auto ask = [&] {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + PinnedToken());
    istio::v1::auth::IstioCertificateRequest request;
    request.set_csr(MakeCsrPem());
    istio::v1::auth::IstioCertificateResponse response;
    return stub->CreateCertificate(&context, request, &response);
  };
  EXPECT_TRUE(ask().ok());
  const std::string before = ReadFile(node_1_.File("chain.pem"), 1 << 20).value_or("");
  const ProgramResult retired =
      RunProgram({ROOTKEEP_BINARY, "key", "retire", "rk/node/node/1", "--state", node_1_.File("state")});
  ASSERT_EQ(retired.exit_code, 0) << retired.err;
  ASSERT_TRUE(Eventually([this] { return node_1_.Count("node_attested") == 2; })) << node_1_.Log();
  EXPECT_TRUE(Eventually([this] { return Over(node_1_, PinnedToken()).ok(); })) << node_1_.Log();
  EXPECT_TRUE(ask().ok()) << "on the connection that was there";
  EXPECT_NE(ReadFile(node_1_.File("chain.pem"), 1 << 20).value_or(""), before);
  EXPECT_EQ(node_1_.Count("certificate_not_used"), 0) << node_1_.Log();
  node_1_.Stop();
}

}  // namespace
}  // namespace rootkeep::testing
