// The service's side of node attestation over a real database, and nodes on TPM simulators to put before it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "attestation/wire/public_key.h"
#include "signer/node/node_attestor.h"
#include "signer/store/schema.h"
#include "tests/support/attest_node.h"
#include "tests/support/manual_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {

// SHA-256 of the EK's SubjectPublicKeyInfo, as inventories list it.
inline std::string EkDigestOf(const AttestNode& node) {
  const auto area = attestation::ParsePublicArea(node.ek().encoded);
  return ToHex(attestation::TpmHash(attestation::Algorithm::kSha256, attestation::SpkiOf(*area).value()).value());
}

// A group whose nodes have PCR 0 and 12 as a simulator starts: zero.
inline NodeGroup FreshNodes() {
  NodeGroup group{.version = "v1"};
  group.policy.pcrs.required = {0, 12};
  group.policy.pcrs.generations = {{.name = "fresh", .allowed = {{0, {Bytes(32)}}, {12, {Bytes(32)}}}}};
  return group;
}

// A node on a TPM that was made for one test, with a P-256 EK and so no certificate, but where `ek` says otherwise.
class TestNode {
 public:
  explicit TestNode(const SwTpm& tpm, EkKind ek = EkKind::kL2)
      : node_(std::make_unique<AttestNode>(tpm, ShapeOf(ek))) {}

  [[nodiscard]] std::string ek() const { return EkDigestOf(*node_); }
  [[nodiscard]] const AttestNode& operator*() const { return *node_; }
  // Its first message, kept for the answer.
  attestation::AttestInit Init(const std::string& claimed = "n1") {
    init_ = node_->Init();
    init_.claimed_node_id = claimed;
    return init_;
  }
  [[nodiscard]] attestation::AttestEvidence Answer(const attestation::AttestChallenge& challenge) const {
    return node_->Answer(init_, challenge);
  }

 private:
  static NodeShape ShapeOf(EkKind ek) { return {.ek = ek}; }

  std::unique_ptr<AttestNode> node_;
  attestation::AttestInit init_;
};

class AttestorFixture : public ::testing::Test {
 protected:
  // One for all tests: making one takes seconds.
  static void SetUpTestSuite() {
    manufacturer_ = new TpmManufacturer();
    const SwTpm first(*manufacturer_, "first");  // before there is one, the manufacturer has no certificates
  }
  static void TearDownTestSuite() {
    delete manufacturer_;
    manufacturer_ = nullptr;
  }

  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const auto database, store::Database::Open({.path = path_}));
    ASSERT_THAT(store::Migrate(*database, clock_), IsOk());
    ASSERT_OK_AND_ASSIGN(nodes_, NodeStore::Open(path_));
    Configure(FreshNodes(), {}, FirstEnrolment::kDeny);
    Limit({});
  }

  void Configure(NodeGroup group, std::vector<InventoryEntry> entries, FirstEnrolment first) {
    attestation::EkTrustSettings trust{.anchors = {{.certificate = manufacturer_->RootCertificate(),
                                                    .manufacturers = {TpmManufacturer::kManufacturer}}},
                                       .intermediates = {manufacturer_->IssuerCertificate()}};
    rules_.Set(std::make_shared<NodeRules>(NodeRules{.manufacturers = attestation::EkTrust::Create(trust).value(),
                                                     .inventory = Inventory::Make(std::move(entries)).value(),
                                                     .first_enrolment = first,
                                                     .groups = {{"workers", std::move(group)}},
                                                     .default_group = "workers",
                                                     .trust_domain = "cluster.local"}));
  }
  void Limit(NodeAttestorLimits limits) {
    attestor_.emplace(NodeAttestor::Parts{.nodes = *nodes_, .rules = rules_, .metrics = metrics_, .clock = clock_},
                      limits);
  }

  Result<std::unique_ptr<NodeAttempt>> Begin(TestNode& node, const std::string& claimed = "n1",
                                             const std::string& peer = "ipv4:10.0.0.9:1") {
    RK_RETURN_IF_ERROR(attestor_->Arrive(peer));
    return attestor_->Begin(node.Init(claimed), {.peer = peer, .request_id = "r1", .server_identity = Bytes(32)});
  }
  // A whole attempt of an honest node.
  Result<NodeVerdict> Attest(TestNode& node, const std::string& claimed = "n1") {
    RK_TRY(auto attempt, Begin(node, claimed));
    const auto evidence = node.Answer(attempt->challenge());
    return attestor_->Judge(std::move(attempt), evidence);
  }
  std::optional<Node> Get(const std::string& id = "n1") { return nodes_->Find(id).value(); }
  void Approve(const std::string& id = "n1") {
    ASSERT_THAT(nodes_->Update(id, [](Node node) { return Approved(std::move(node), 1); }, "alice", 1), IsOk());
  }

  inline static TpmManufacturer* manufacturer_ = nullptr;
  const TempDir dir_;
  const std::string path_ = dir_ / "rootkeep.db";
  ManualClock clock_{ToUnixSeconds(SystemClock().Now())};
  Metrics metrics_;
  Snapshot<NodeRules> rules_{nullptr};
  std::unique_ptr<NodeStore> nodes_;
  std::optional<NodeAttestor> attestor_;
};

}  // namespace rootkeep::testing
