// Two nodes with a TPM each, and the istio clients of each, who call their own node's agent.
#include <grpcpp/grpcpp.h>

#include "proto/istio/ca.grpc.pb.h"
#include "tests/e2e/agent_relay_fixture.h"
#include "tests/support/issuing_authority.h"

namespace rootkeep::testing {
namespace {

using istio::v1::auth::IstioCertificateService;
using ::testing::HasSubstr;
using ::testing::Matches;

constexpr char kPinned[] = "spiffe://cluster.local/ns/demo/sa/web";

MATCHER(IsAway, "is UNAVAILABLE") { return arg.status.error_code() == grpc::StatusCode::UNAVAILABLE; }

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
  // Who asks so often is refused as a connection, too.
  EXPECT_TRUE(Eventually([this] { return Matches(AuthenticationRefused())(Over(node_1_, PinnedToken())); }));
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

TEST_F(AgentRelay, DoctorAsksItAsAClientWould) {
  ASSERT_NO_FATAL_FAILURE(StartNode(node_1_));
  ASSERT_TRUE(node_1_.Serves()) << node_1_.Log();
  const std::string relay = node_1_.Address("relay");
  // As an operator writes it: with a port.
  std::string config = ReadFile(node_1_.File("agent.yaml"), 1 << 20).value_or("");
  const std::string anywhere = "addresses: [\"127.0.0.1:0\"";
  config.replace(config.find(anywhere), anywhere.size(), "addresses: [\"" + relay + "\"");
  ASSERT_THAT(WriteFileAtomically(node_1_.File("known.yaml"), config, 0600), IsOk());
  const auto doctor = [this](const char* file) {
    return RunProgram({ROOTKEEP_BINARY, "doctor", "--agent-config", node_1_.File(file)});
  };
  const ProgramResult well = doctor("known.yaml");
  EXPECT_EQ(well.exit_code, 0) << well.out << well.err;
  EXPECT_THAT(well.out, HasSubstr("relay " + relay + ": answers"));
  EXPECT_THAT(well.out, HasSubstr("relay " + relay + ": localhost, 127.0.0.1, ::1, until "));
  EXPECT_THAT(well.out, HasSubstr("relay " + relay + ": it answers, and refuses a request without a token"));
  EXPECT_THAT(doctor("agent.yaml").out, HasSubstr("the port is a free one"));
  ASSERT_EQ(daemon().Stop(kPatience), 0);
  const ProgramResult away = doctor("known.yaml");
  EXPECT_EQ(away.exit_code, 1);
  EXPECT_THAT(away.out, HasSubstr("FAILED     ask CA          relay " + relay));
  node_1_.Stop();
  const ProgramResult gone = doctor("known.yaml");
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_THAT(gone.out, HasSubstr("FAILED     connect         relay " + relay));
  EXPECT_THAT(gone.out, HasSubstr("not tried  ask CA"));
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
