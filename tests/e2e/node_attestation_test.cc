// Nodes on TPM simulators before a daemon whose CA key is in a token.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <thread>

#include "proto/grpc/health.grpc.pb.h"
#include "signer/authority/certificates.h"
#include "signer/der/pem.h"
#include "signer/node/node_store.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"
#include "tests/support/node_client.h"

namespace rootkeep {
namespace {

using testing::AttestNode;
using testing::AttestOutcome;
using testing::DaemonFixture;
using testing::IsOk;
using testing::SwTpm;
using testing::TpmManufacturer;

const Bytes kZero(32);

class NodeAttestation : public ::testing::Test {
 protected:
  void SetUp() override {
    config::Attestation attestation{.groups = {{.name = "workers", .pcrs = {0, 12}}}, .authority = "mesh"};
    attestation.groups[0].generations = {{.name = "fresh", .pcrs = {{0, {kZero}}, {12, {kZero}}}}};
    ASSERT_THAT(WriteFileAtomically(inventory_, "n1 -\n", 0600), IsOk());
    attestation.inventory_file = inventory_;
    attestation.manufacturers = {{.name = "simulators", .roots = roots_, .ids = {TpmManufacturer::kManufacturer}}};
    attestation.intermediates = intermediates_;
    const SwTpm first(manufacturer_, "first");  // before there is one, the manufacturer has no certificates
    Write(roots_, manufacturer_.RootCertificate());
    Write(intermediates_, manufacturer_.IssuerCertificate());
    fixture_.config().attestation = std::move(attestation);
    ASSERT_THAT(fixture_.Start(), IsOk());
    fixture_.WaitUntilServing();
    ASSERT_OK_AND_ASSIGN(nodes_, NodeStore::Open(fixture_.config().state_directory + "/rootkeep.db"));
  }
  static void Write(const std::string& path, const Bytes& certificate) {
    ASSERT_THAT(WriteFileAtomically(path, der::ToPem(certificate, "CERTIFICATE"), 0600), IsOk());
  }

  std::shared_ptr<grpc::Channel> Channel() {
    return grpc::CreateChannel(fixture_.address(), grpc::SslCredentials({.pem_root_certs = fixture_.root_pem()}));
  }
  // SHA-256 of the certificate that the daemon shows on this connection.
  static Bytes IdentityOn(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckResponse response;
    EXPECT_TRUE(grpc::health::v1::Health::NewStub(channel)->Check(&context, {}, &response).ok());
    const auto pem = context.auth_context()->FindPropertyValues("x509_pem_cert");
    return testing::IdentityOf(der::FirstPemBlock({pem.at(0).data(), pem.at(0).size()}).value());
  }
  AttestOutcome Attest(const AttestNode& node, const std::string& id = "n1") {
    const auto channel = Channel();
    return AttestOver(channel, node, id, IdentityOn(channel));
  }

  const TpmManufacturer manufacturer_;
  DaemonFixture fixture_;
  const std::string inventory_ = fixture_.directory() / "nodes";
  const std::string roots_ = fixture_.directory() / "roots.pem";
  const std::string intermediates_ = fixture_.directory() / "intermediates.pem";
  std::unique_ptr<NodeStore> nodes_;
};

TEST_F(NodeAttestation, ATpmOfAKnownManufacturerBecomesANodeOfTheInventory) {
  const SwTpm tpm(manufacturer_, "n1");
  const AttestNode node(tpm);
  const AttestOutcome outcome = Attest(node);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  ASSERT_EQ(outcome.result.verdict(), v1::VERDICT_ATTESTED);
  EXPECT_EQ(outcome.result.trust_bundle(), fixture_.root_pem());
  ASSERT_OK_AND_ASSIGN(const Certificates leaf, ParseCertificates(outcome.result.certificate_chain(0)));
  const auto lives = NotAfterOf(leaf[0].get()) - SystemClock().Now();
  EXPECT_LE(lives, fixture_.config().attestation->lifetime);
  const auto issued = [&] {
    const auto certificates = nodes_->Certificates("n1").value();
    return certificates.size() == 1 && certificates[0].status == NodeCertificateStatus::kIssued;
  };
  EXPECT_TRUE(testing::Eventually(issued));
}

TEST_F(NodeAttestation, WhatIsKnownOfANodeSurvivesARestartOfTheDaemon) {
  const SwTpm tpm(manufacturer_, "n1");
  const SwTpm other(manufacturer_, "n1");
  const AttestNode node(tpm);
  const AttestNode impostor(other);
  ASSERT_EQ(Attest(node).result.verdict(), v1::VERDICT_ATTESTED);
  nodes_.reset();
  fixture_.Stop();
  ASSERT_THAT(fixture_.Start(), IsOk());
  fixture_.WaitUntilServing();
  EXPECT_EQ(Attest(impostor).result.verdict(), v1::VERDICT_HELD) << "n1 has its TPM";
  EXPECT_EQ(Attest(node).result.verdict(), v1::VERDICT_ATTESTED);
}

TEST_F(NodeAttestation, AReloadBringsAnotherPolicy) {
  const SwTpm tpm(manufacturer_, "n1");
  const AttestNode node(tpm);
  ASSERT_EQ(Attest(node).result.verdict(), v1::VERDICT_ATTESTED);
  config::Config stricter = fixture_.config();
  stricter.attestation->groups[0].generations[0].pcrs[12] = {Bytes(32, 1)};
  fixture_.daemon().Reload(stricter);
  EXPECT_EQ(Attest(node).result.verdict(), v1::VERDICT_REFUSED);
  EXPECT_EQ(nodes_->Find("n1").value()->reason, "pcr_mismatch");

  stricter.attestation->inventory_file = fixture_.directory() / "none";
  fixture_.daemon().Reload(stricter);  // refused: everything stays as it was
  EXPECT_EQ(Attest(node).status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(NodeAttestation, AStricterPolicyCountsThoughALimitWaitsForARestart) {
  const SwTpm tpm(manufacturer_, "n1");
  const AttestNode node(tpm);
  config::Config stricter = fixture_.config();
  stricter.attestation->groups[0].generations[0].pcrs[12] = {Bytes(32, 1)};
  stricter.attestation->limits.per_tpm += 1;
  fixture_.daemon().Reload(stricter);
  EXPECT_EQ(Attest(node).result.verdict(), v1::VERDICT_REFUSED);
}

TEST_F(NodeAttestation, AReloadThatTakesTheSectionAwayIsRefusedWhole) {
  const SwTpm tpm(manufacturer_, "n1");
  const AttestNode node(tpm);
  config::Config without = fixture_.config();
  without.attestation.reset();
  without.token_issuers.clear();
  fixture_.daemon().Reload(without);
  EXPECT_EQ(Attest(node).result.verdict(), v1::VERDICT_ATTESTED);
  EXPECT_THAT(fixture_.Client(fixture_.Token())->CreateCertificate(testing::MakeCsrPem(), 0, ""), IsOk());
}

TEST_F(NodeAttestation, AnOperatorsWordCountsAtOnce) {
  const SwTpm tpm(manufacturer_, "n1");
  const AttestNode node(tpm);
  ASSERT_EQ(Attest(node).result.verdict(), v1::VERDICT_ATTESTED);
  ASSERT_THAT(nodes_->Update("n1", [](Node old) { return Denied(std::move(old), "", 1); }, "alice", 1), IsOk());
  EXPECT_EQ(Attest(node).status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  ASSERT_THAT(nodes_->Update("n1", [](Node old) { return Approved(std::move(old), 1); }, "alice", 1), IsOk());
  EXPECT_EQ(Attest(node).result.verdict(), v1::VERDICT_ATTESTED);
}

TEST_F(NodeAttestation, ManyNodesComeAtOnce) {
  constexpr int kNodes = 6;
  std::string inventory;
  for (int i = 0; i < kNodes; ++i) inventory += "n" + std::to_string(i) + " -\n";
  ASSERT_THAT(WriteFileAtomically(inventory_, inventory, 0600), IsOk());
  fixture_.daemon().Reload(fixture_.config());
  std::vector<std::jthread> threads;
  std::atomic<int> attested = 0;
  for (int i = 0; i < kNodes; ++i) {
    threads.emplace_back([&, id = "n" + std::to_string(i)] {
      const SwTpm tpm(manufacturer_, id);
      const AttestNode node(tpm);
      for (int round = 0; round < 2; ++round) {
        if (Attest(node, id).result.verdict() == v1::VERDICT_ATTESTED) ++attested;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(attested, 2 * kNodes);
  EXPECT_EQ(nodes_->List().value().size(), std::size_t{kNodes});
}

}  // namespace
}  // namespace rootkeep
