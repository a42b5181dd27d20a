// The door for nodes, from a TPM simulator over TLS to a certificate.
#include "signer/rpc/node_attestation_service.h"

#include <grpcpp/create_channel.h>

#include "signer/ledger/open_ledger.h"
#include "signer/rpc/server.h"
#include "signer/rpc/server_credentials.h"
#include "tests/support/eventually.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/node_client.h"
#include "tests/support/test_certificate.h"
#include "tests/unit/signer/node/attestor_fixture.h"

namespace rootkeep {
namespace {

using grpc::StatusCode;
using ::testing::AllOf;
using testing::AttestOutcome;
using testing::AttestStream;
using ::testing::HasSubstr;
using testing::Identity;
using testing::IsOk;
using testing::SwTpm;

constexpr std::chrono::seconds kPatience{30};

class NodeAttestationServiceTest : public testing::AttestorFixture {
 protected:
  void SetUp() override {
    AttestorFixture::SetUp();
    tpm_ = std::make_unique<SwTpm>(*manufacturer_, "n1");
    node_ = std::make_unique<testing::AttestNode>(*tpm_, testing::NodeShape{.ek = testing::EkKind::kL2});
    Configure(testing::FreshNodes(), {{"n1", testing::EkDigestOf(*node_), ""}}, FirstEnrolment::kDeny);
    ASSERT_OK_AND_ASSIGN(ledger_, OpenLedger({.path = path_}));
    authorities_.Replace({authority_.authority});
    Policy policy;
    policy.node_lifetime = LifetimeRules{.default_ttl = std::chrono::hours(1), .max_ttl = std::chrono::hours(1)};
    policy_.Set(std::make_shared<Policy>(policy));
    issuer_ = std::make_unique<Issuer>(
        Issuer::Parts{
            .authorities = authorities_, .policy = policy_, .ledger = *ledger_, .metrics = metrics_, .clock = wall_},
        IssuerOptions{});
    const Identity serving = testing::MakeIdentity({.san = "DNS:localhost"}, &ca_);
    server_identity_ = testing::IdentityOf(serving.Der());
    ASSERT_OK_AND_ASSIGN(identity_,
                         ServingIdentity::Make(serving.KeyPem(), serving.CertificatePem(), ca_.CertificatePem()));
    Serve({});
  }
  void TearDown() override { StopServing(); }

  void Serve(NodeAttestationService::Options options, unsigned threads = 2, std::size_t most_waiting = 100) {
    StopServing();
    options.is_server_identity = [this](ByteView sha256) { return std::ranges::equal(sha256, server_identity_); };
    workers_ = std::make_unique<Workers>(threads, most_waiting);
    service_ = std::make_unique<NodeAttestationService>(
        NodeAttestationService::Parts{
            .attestor = *attestor_, .issuer = *issuer_, .workers = *workers_, .metrics = metrics_},
        options);
    ASSERT_OK_AND_ASSIGN(server_, Server::Start({{"127.0.0.1:0", identity_->Credentials({"cluster.local"})},
                                                 {"127.0.0.1:0", grpc::InsecureServerCredentials()}},
                                                {service_.get()}));
    channel_ = ChannelTo(0, grpc::SslCredentials({.pem_root_certs = ca_.CertificatePem()}));
  }
  void StopServing() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    workers_->Stop();
    ASSERT_TRUE(issuer_->Drain(After(kPatience)));
    server_.reset();
    service_.reset();
  }
  std::shared_ptr<grpc::Channel> ChannelTo(std::size_t listener,
                                           const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    return grpc::CreateChannel("localhost:" + std::to_string(server_->ports()[listener]), credentials);
  }

  AttestOutcome Attest(const std::string& node_id = "n1") {
    return AttestOver(channel_, *node_, node_id, server_identity_);
  }
  v1::AttestInit Init() {
    attestation::AttestInit init = node_->Init();
    init.claimed_node_id = "n1";
    return testing::ToProto(init, server_identity_);
  }
  // The status with which a stream ends that begins with `init`.
  grpc::Status StatusOf(const v1::AttestInit& init) {
    AttestStream stream(channel_);
    v1::AttestResponse response;
    stream.Send(init);
    EXPECT_FALSE(stream.Receive(response));
    return stream.Status();
  }
  std::string Counted() { return metrics_.Scrape(wall_.Now()); }

  Identity ca_ = testing::MakeCa();
  testing::IssuingAuthority authority_;
  AuthoritySet authorities_;
  Snapshot<Policy> policy_{std::make_shared<Policy>()};
  SystemClock wall_;
  std::unique_ptr<SwTpm> tpm_;
  std::unique_ptr<testing::AttestNode> node_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Issuer> issuer_;
  std::unique_ptr<ServingIdentity> identity_;
  Bytes server_identity_;
  std::unique_ptr<Workers> workers_;
  std::unique_ptr<NodeAttestationService> service_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(NodeAttestationServiceTest, ANodeThatProvesItselfGetsItsCertificate) {
  const AttestOutcome outcome = Attest();
  ASSERT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  const v1::AttestResult& result = outcome.result;
  ASSERT_EQ(result.verdict(), v1::VERDICT_ATTESTED) << result.reason();
  EXPECT_EQ(result.spiffe_id(), "spiffe://cluster.local/node/n1");
  EXPECT_EQ(result.node_id(), "n1");
  ASSERT_GE(result.certificate_chain_size(), 2);
  EXPECT_THAT(testing::VerifyChain({.leaf_pem = result.certificate_chain(0), .authority = authority_.authority}),
              IsOk());
  const Node node = Get().value();
  EXPECT_GT(result.next_attest_by(), ToUnixSeconds(wall_.Now()));
  EXPECT_LT(result.next_attest_by(), node.attested_until);

  // The certificate is known under the node, and the ledger knows the attestation.
  const auto issued = [&] { return nodes_->Certificates("n1").value().at(0).status == NodeCertificateStatus::kIssued; };
  EXPECT_TRUE(testing::Eventually(issued));
  ASSERT_THAT(ledger_->Flush(After(kPatience)), IsOk());
  const LedgerEntry entry = ledger_->List({}).value().at(0);
  EXPECT_EQ(entry.intent.attestation, result.attestation_id());
  EXPECT_EQ(entry.intent.serial, nodes_->Certificates("n1").value()[0].serial);
  EXPECT_EQ(entry.intent.node, "n1");
  EXPECT_EQ(entry.intent.profile, "node");
  EXPECT_LE(entry.intent.not_after, node.attested_until);
}

TEST_F(NodeAttestationServiceTest, WhoIsNotEnrolledHearsNoReason) {
  const AttestOutcome outcome = Attest("n2");
  EXPECT_EQ(outcome.status.error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(outcome.status.error_message(), "attestation refused");
  EXPECT_THAT(Counted(), HasSubstr("{reason=\"node_claim\",verdict=\"refused\"} 1"));
}

TEST_F(NodeAttestationServiceTest, WhoFailsHearsNoReason) {
  ASSERT_THAT(testing::ExtendPcr(node_->esys(), 12, Bytes(32, 1)), IsOk());
  const AttestOutcome outcome = Attest();
  ASSERT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.result.verdict(), v1::VERDICT_REFUSED);
  EXPECT_EQ(outcome.result.reason(), "");
  EXPECT_EQ(outcome.result.certificate_chain_size(), 0);
  EXPECT_EQ(Get()->state, NodeState::kFailed);
  EXPECT_EQ(Attest().status.error_message(), "attestation refused") << "from then on";
}

TEST_F(NodeAttestationServiceTest, WhoIsHeldHearsWhy) {
  Configure(testing::FreshNodes(), {}, FirstEnrolment::kHold);
  const AttestOutcome outcome = Attest();
  ASSERT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.result.verdict(), v1::VERDICT_HELD);
  EXPECT_EQ(outcome.result.reason(), "enrolment");
  EXPECT_EQ(outcome.result.certificate_chain_size(), 0);
}

// Somebody in between shows the node a certificate of its own.
TEST_F(NodeAttestationServiceTest, WhoSawAnotherCertificateIsRefused) {
  v1::AttestInit init = Init();
  init.set_server_identity(std::string(32, 'x'));
  EXPECT_EQ(StatusOf(init).error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(Counted(), HasSubstr("reason=\"server_identity\""));
}

TEST_F(NodeAttestationServiceTest, WithoutTlsNobodyIsHeard) {
  channel_ = ChannelTo(1, grpc::InsecureChannelCredentials());
  EXPECT_EQ(Attest().status.error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(Counted(), HasSubstr("reason=\"plaintext\""));
}

TEST_F(NodeAttestationServiceTest, WhatIsNoMessageOfTheProtocolIsRefused) {
  std::vector<std::function<void(v1::AttestInit&)>> changes = {
      [](v1::AttestInit& init) { init.set_ak_placement(v1::AK_PLACEMENT_UNSPECIFIED); },
      [](v1::AttestInit& init) { init.add_banks(0x1'000B); },
      [](v1::AttestInit& init) { init.set_claimed_node_id("a/b"); },
      [](v1::AttestInit& init) { init.set_agent_nonce("short"); },
      [](v1::AttestInit& init) { init.set_csr(std::string(100'000, 'x')); }};
  for (const auto& change : changes) {
    v1::AttestInit init = Init();
    change(init);
    const grpc::Status status = StatusOf(init);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(status.error_message(), "not a message of this protocol");
  }
  v1::AttestInit other_version = Init();
  other_version.set_protocol_version(2);
  EXPECT_EQ(StatusOf(other_version).error_code(), StatusCode::PERMISSION_DENIED);
}

TEST_F(NodeAttestationServiceTest, MessagesComeInTheirOrder) {
  {
    AttestStream stream(channel_);
    v1::AttestResponse response;
    stream.Send(v1::AttestEvidence());
    EXPECT_FALSE(stream.Receive(response));
    EXPECT_EQ(stream.Status().error_code(), StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(stream.Trailer("x-request-id").size(), 16U);
  }
  for (const bool again : {true, false}) {
    AttestStream stream(channel_);
    v1::AttestResponse response;
    stream.Send(Init());
    ASSERT_TRUE(stream.Receive(response));
    again ? stream.Send(Init()) : stream.SendBootLogPart("nobody asked for it");
    EXPECT_FALSE(stream.Receive(response));
    EXPECT_EQ(stream.Status().error_code(), StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(NodeAttestationServiceTest, ABootLogComesInPartsAndHasItsLimits) {
  NodeGroup group = testing::FreshNodes();
  group.want_boot_log = true;
  Configure(group, {{"n1", testing::EkDigestOf(*node_), ""}}, FirstEnrolment::kDeny);
  const auto send = [&](std::size_t part, int count) {
    AttestStream stream(channel_);
    v1::AttestResponse response;
    stream.Send(Init());
    EXPECT_TRUE(stream.Receive(response));
    EXPECT_TRUE(response.challenge().want_boot_log());
    for (int i = 0; i < count && stream.SendBootLogPart(std::string(part, 'x')); ++i) continue;
    EXPECT_FALSE(stream.Receive(response));
    return stream.Status().error_code();
  };
  EXPECT_EQ(send((128U << 10U) + 1, 1), StatusCode::INVALID_ARGUMENT) << "a part";
  EXPECT_EQ(send(128U << 10U, 33), StatusCode::INVALID_ARGUMENT) << "all of it";
  Serve({.most_boot_logs = 200'000});
  EXPECT_EQ(send(128U << 10U, 2), StatusCode::RESOURCE_EXHAUSTED) << "of all nodes together";
}

TEST_F(NodeAttestationServiceTest, WhoSaysNothingIsSentAway) {
  Serve({.first_message_within = std::chrono::milliseconds(50)});
  AttestStream stream(channel_);
  v1::AttestResponse response;
  EXPECT_FALSE(stream.Receive(response));
  EXPECT_EQ(stream.Status().error_code(), StatusCode::ABORTED);
}

TEST_F(NodeAttestationServiceTest, WhoDoesNotAnswerIsSentAway) {
  auto rules = std::make_shared<NodeRules>(
      NodeRules{.manufacturers = attestation::EkTrust::Create({}).value(),
                .inventory = Inventory::Make({{"n1", testing::EkDigestOf(*node_), ""}}).value(),
                .groups = {{"workers", testing::FreshNodes()}},
                .default_group = "workers",
                .answer_within = std::chrono::seconds(1)});
  rules_.Set(std::move(rules));
  AttestStream stream(channel_);
  v1::AttestResponse response;
  stream.Send(Init());
  ASSERT_TRUE(stream.Receive(response));
  EXPECT_FALSE(stream.Receive(response));
  EXPECT_EQ(stream.Status().error_code(), StatusCode::ABORTED);
  EXPECT_TRUE(testing::Eventually([&] { return attestor_->open_attempts() == 0; })) << "its place is free again";
}

TEST_F(NodeAttestationServiceTest, WhoGoesAwayLeavesNothingOpen) {
  for (const bool cancel : {true, false}) {
    AttestStream stream(channel_);
    v1::AttestResponse response;
    stream.Send(Init());
    ASSERT_TRUE(stream.Receive(response));
    EXPECT_EQ(attestor_->open_attempts(), 1U);
    cancel ? stream.Cancel() : stream.Close();
    EXPECT_FALSE(stream.Status().ok());
    EXPECT_TRUE(testing::Eventually([&] { return attestor_->open_attempts() == 0; }));
  }
}

TEST_F(NodeAttestationServiceTest, TheServiceEndsWhileNodesAreUnderWay) {
  AttestStream waiting(channel_);
  AttestStream challenged(channel_);
  v1::AttestResponse response;
  challenged.Send(Init());
  ASSERT_TRUE(challenged.Receive(response));
  StopServing();
  EXPECT_FALSE(waiting.Status().ok());
  EXPECT_FALSE(challenged.Status().ok());
  EXPECT_EQ(attestor_->open_attempts(), 0U);
}

TEST_F(NodeAttestationServiceTest, TooMuchAtOnceIsTurnedAway) {
  Serve({}, 1, 0);
  AttestStream stream(channel_);
  v1::AttestResponse response;
  stream.Send(Init());
  EXPECT_FALSE(stream.Receive(response));
  EXPECT_EQ(stream.Status().error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(stream.Trailer("grpc-retry-pushback-ms"), "1000");
}

// A network that may not try fills no queue.
TEST_F(NodeAttestationServiceTest, TheRateOfANetworkCountsBeforeAnythingIsDone) {
  StopServing();
  Limit({.each_network = {.per_minute = 1, .burst = 1}});
  Serve({}, 1, 0);
  for (const char* pushback : {"1000", "60000"}) {
    AttestStream stream(channel_);
    v1::AttestResponse response;
    stream.Send(Init());
    EXPECT_FALSE(stream.Receive(response));
    EXPECT_EQ(stream.Status().error_code(), StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_LE(std::stol(stream.Trailer("grpc-retry-pushback-ms")), std::stol(pushback));
  }
  EXPECT_THAT(Counted(), AllOf(HasSubstr(R"(reason="workers")"), HasSubstr(R"(reason="rate")")));
}

TEST_F(NodeAttestationServiceTest, WithoutAnAuthorityThereIsNoCertificateAndItIsSaidSo) {
  authorities_.Replace({});
  EXPECT_EQ(Attest().status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(Get()->state, NodeState::kAttested);
  const auto noted = [&] {
    return nodes_->Certificates("n1").value().at(0).status == NodeCertificateStatus::kNotIssued;
  };
  EXPECT_TRUE(testing::Eventually(noted));
  authorities_.Replace({authority_.authority});
  EXPECT_EQ(Attest().result.verdict(), v1::VERDICT_ATTESTED) << "it may come again";
}

}  // namespace
}  // namespace rootkeep
