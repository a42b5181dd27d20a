// Tokens that come over the connection of an attested node, and what policy makes of it.
#include <fmt/format.h>

#include <map>

#include "signer/ledger/open_ledger.h"
#include "signer/node/recorded_nodes.h"
#include "tests/e2e/node_record.h"
#include "tests/e2e/other_hierarchy.h"
#include "tests/e2e/shared_daemon.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/program.h"

namespace rootkeep {
namespace {

using testing::AuthenticationRefused;
using testing::Eventually;
using ::testing::HasSubstr;
using testing::Identity;
using testing::ImpersonationRefused;
using testing::IsOk;
using testing::IstioAnswer;
using testing::IstioCall;
using testing::NeverConnected;
using testing::WasIssuedTo;
using testing::WasRefused;

constexpr char kPinned[] = "spiffe://cluster.local/ns/default/sa/pinned";
constexpr char kCarried[] = "spiffe://cluster.local/ns/default/sa/carried";
constexpr char kWithToken[] = "spiffe://cluster.local/ns/default/sa/with-token";

auto RequirementRefused() { return WasRefused(grpc::StatusCode::PERMISSION_DENIED, "request authenticate failure"); }

IdentityPattern Account(const std::string& name) {
  return IdentityPattern::Exactly({"cluster.local", "default", name});
}

// The daemon's issuing certificate is under a root whose key the test holds, and so are the nodes' certificates.
class AttestedNodeCalls : public testing::SharedDaemon {
 public:
  static void SetUpTestSuite() {
    began_ = ToUnixSeconds(SystemClock().Now());
    root_ = std::make_unique<Identity>(testing::MakeCa("root kept elsewhere"));
    StartWith([](config::Config& config) {
      config.authorities.front().chain_file =
          WriteFile("chain.pem", Recertify(IssuingCertificate(), testing::CaShape("issuing CA"), *root_));
      config.authorities.front().bundle_file = WriteFile("bundle.pem", root_->CertificatePem());
      config.requirements = {
          {.name = "pinned",
           .identities = {Account("pinned")},
           .level = ProofLevel::kTokenOnAttestedNode,
           .same_node = true},
          {.name = "carried", .identities = {Account("carried")}, .level = ProofLevel::kTokenOnAttestedNode},
          {.name = "token", .identities = {Account("with-token")}}};
      AddNodes();
    });
  }
  static void TearDownTestSuite() {
    nodes_.reset();
    certificates_.clear();
    root_.reset();
    SharedDaemon::TearDownTestSuite();
  }

 protected:
  static const Identity& root() { return *root_; }
  static NodeStore& nodes() { return *nodes_; }
  static std::int64_t began() { return began_; }
  // What was issued to the node.
  static const Identity& CertificateOf(const std::string& node) { return certificates_.at(node); }
  static Identity NodeCertificate(const std::string& node, const Identity& issuer) {
    return testing::MakeIdentity({.san = "URI:spiffe://cluster.local/node/" + node}, &issuer);
  }
  static void Change(const std::string& node, const NodeStore::Change& change) {
    ASSERT_THAT(nodes().Update(node, change, "alice", began()), IsOk());
  }

  // By a token of this account's that names this node ("": none), over the connection of another ("": of nobody).
  static IstioAnswer AskAsAccount(const std::string& account, const std::string& in_token, const std::string& over,
                                  IstioCall call = {}) {
    if (!over.empty()) call.certificate = &CertificateOf(over);
    return AskAs(call.Bearer(fixture().Token({.service_account = account, .node = in_token})));
  }
  static IstioAnswer AskForPinned(const std::string& in_token, const std::string& over) {
    return AskAsAccount("pinned", in_token, over);
  }

 private:
  static std::string DatabasePath() { return fixture().config().state_directory + "/rootkeep.db"; }

  static void AddNodes() {
    for (const std::string node : {"node-1", "node-2", "denied", "expired", "removed"}) {
      const std::int64_t end = node == "expired" ? began_ - 10 : began_ + 3600;
      certificates_.emplace(
          node, testing::MakeIdentity({.san = "URI:spiffe://cluster.local/node/" + node, .not_after = end}, &root()));
      testing::RecordNodeCertificate(DatabasePath(), node, CertificateOf(node), began_);
    }
    ASSERT_OK_AND_ASSIGN(nodes_, NodeStore::Open(DatabasePath()));
    for (const auto& [node, certificate] : certificates_) testing::AddAttestedNode(*nodes_, node, began_);
  }

  static inline std::int64_t began_ = 0;
  static inline std::unique_ptr<Identity> root_;
  static inline std::unique_ptr<NodeStore> nodes_;
  static inline std::map<std::string, Identity> certificates_;
};

TEST_F(AttestedNodeCalls, ATokenIsGoodOnItsNodeAlone) {
  EXPECT_THAT(AskForPinned("node-1", "node-1"), WasIssuedTo(kPinned));
  EXPECT_THAT(AskForPinned("node-2", "node-2"), WasIssuedTo(kPinned));
  EXPECT_THAT(AskForPinned("node-1", "node-2"), RequirementRefused());
  EXPECT_THAT(AskForPinned("node-1", ""), RequirementRefused());
  EXPECT_THAT(AskForPinned("", "node-1"), RequirementRefused()) << "a token that names no node";
}

TEST_F(AttestedNodeCalls, WhereNothingIsAskedAboutTheNodeAnyAttestedOneDoes) {
  EXPECT_THAT(AskAsAccount("carried", "node-1", "node-2"), WasIssuedTo(kCarried));
  EXPECT_THAT(AskAsAccount("carried", "", "node-2"), WasIssuedTo(kCarried));
  EXPECT_THAT(AskAsAccount("carried", "node-1", ""), RequirementRefused());
}

TEST_F(AttestedNodeCalls, WhatRequiresNothingIsAsItWas) {
  for (const std::string over : {"", "node-1"}) {
    EXPECT_THAT(AskAsAccount("httpbin", "node-2", over), WasIssuedTo(kSelf)) << over;
  }
  const Identity workload = Workload(std::string("URI:") + kSelf);
  EXPECT_THAT(AskAs({.certificate = &workload}), WasIssuedTo(kSelf));
}

TEST_F(AttestedNodeCalls, AClientCertificateIsNoToken) {
  EXPECT_THAT(AskAsAccount("with-token", "", ""), WasIssuedTo(kWithToken));
  for (const char* name : {kWithToken, kPinned}) {
    const Identity workload = Workload(std::string("URI:") + name);
    EXPECT_THAT(AskAs({.certificate = &workload}), RequirementRefused());
  }
}

TEST_F(AttestedNodeCalls, ANodeAloneAnswersNobody) {
  EXPECT_THAT(AskAs({.certificate = &CertificateOf("node-1")}), AuthenticationRefused());
  IstioCall call{.headers = {{"authorization", "Bearer x.y.z"}}, .certificate = &CertificateOf("node-1")};
  EXPECT_THAT(AskAs(call), AuthenticationRefused());
  call.headers.clear();
  EXPECT_THAT(AskAs(call.Impersonate(kSelf)), AuthenticationRefused());
}

// Of whichever CA they are: this one's root signs more than nodes' certificates, and a CA of client certificates signs
// what it likes.
TEST_F(AttestedNodeCalls, ACertificateThatIsNotOnRecordIsNoNodes) {
  for (const Identity* issuer : {&root(), &client_ca()}) {
    const Identity forged = NodeCertificate("node-1", *issuer);
    for (const std::string account : {"pinned", "httpbin"}) {
      const std::string token = fixture().Token({.service_account = account, .node = "node-1"});
      EXPECT_THAT(AskAs(IstioCall{.certificate = &forged}.Bearer(token)), AuthenticationRefused()) << account;
    }
  }
  const Identity stranger = testing::MakeCa("root kept elsewhere");
  const Identity foreign = NodeCertificate("node-1", stranger);
  EXPECT_THAT(AskAs(IstioCall{.certificate = &foreign}.Bearer(fixture().Token())), NeverConnected());
}

TEST_F(AttestedNodeCalls, AnExpiredCertificateEndsTheConnection) {
  EXPECT_THAT(AskForPinned("expired", "expired"), NeverConnected());
}

// Case 9: a workload's certificate says who, whatever the workload is called.
TEST_F(AttestedNodeCalls, AWorkloadNamedLikeANodeIsAWorkload) {
  const char* name = "spiffe://cluster.local/ns/node/sa/node-1";
  const Identity workload = Workload(std::string("URI:") + name);
  const std::string token = fixture().Token({.service_account = "pinned", .node = "node-1"});
  EXPECT_THAT(AskAs(IstioCall{.certificate = &workload}.Bearer(token)), WasIssuedTo(name));
}

TEST_F(AttestedNodeCalls, ADeniedNodeIsRefusedAtOnceAndItsOldCertificateForEver) {
  const auto ask = [] { return AskForPinned("denied", "denied"); };
  EXPECT_THAT(ask(), WasIssuedTo(kPinned));
  Change("denied", [](Node node) { return Denied(std::move(node), "stolen", began() + 1); });
  const auto denied_at = std::chrono::steady_clock::now();
  EXPECT_TRUE(Eventually([&] { return !ask().ok(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - denied_at, RecordedNodes::kRememberFor + std::chrono::seconds(5));
  EXPECT_THAT(ask(), AuthenticationRefused());
  EXPECT_THAT(AskAsAccount("httpbin", "", "denied"), AuthenticationRefused()) << "what requires no node, too";
  Change("denied", [](Node node) { return Approved(std::move(node), began() + 2); });
  EXPECT_THAT(ask(), AuthenticationRefused()) << "it has not proved itself again";
  testing::AttestAgain(nodes(), "denied", began() + 3);
  EXPECT_THAT(ask(), AuthenticationRefused()) << "and then it has another certificate";
}

TEST_F(AttestedNodeCalls, ARemovedNodeIsRefused) {
  ASSERT_THAT(nodes().Remove("removed", "alice", began()), IsOk());
  EXPECT_THAT(AskForPinned("removed", "removed"), AuthenticationRefused());
}

// What a workload requires holds for the ztunnel that asks in its name.
TEST_F(AttestedNodeCalls, ImpersonationNeedsWhatItsTargetDoes) {
  const std::string placement =
      WriteFile("pods", fmt::format("Kubernetes node-1 {0}\nKubernetes node-1 {1}\n", kPinned, kSelf));
  Reload([&](config::Config& config) {
    config.placements = {{.name = "pods", .file = placement}};
    config.impersonation = {{.name = "ztunnel",
                             .callers = {Account("ztunnel")},
                             .targets = {Account("pinned"), Account("httpbin")},
                             .placement = "pods"}};
  });
  const auto ask = [](const std::string& over, const char* target) {
    return AskAsAccount("ztunnel", "node-1", over, IstioCall().Impersonate(target));
  };
  EXPECT_THAT(ask("node-1", kPinned), WasIssuedTo(kPinned));
  EXPECT_THAT(ask("node-2", kPinned), RequirementRefused()) << "ztunnel's token, stolen";
  EXPECT_THAT(ask("", kPinned), RequirementRefused());
  EXPECT_THAT(ask("", kSelf), WasIssuedTo(kSelf));
  EXPECT_THAT(ask("node-1", kCarried), ImpersonationRefused());
}

TEST_F(AttestedNodeCalls, ARequirementComesAndGoesWithAReload) {
  EXPECT_THAT(AskAsAccount("httpbin", "node-1", ""), WasIssuedTo(kSelf));
  Reload([](config::Config& config) {
    config.requirements = {
        {.name = "all", .identities = {Account("httpbin")}, .level = ProofLevel::kTokenOnAttestedNode}};
  });
  EXPECT_THAT(AskAsAccount("httpbin", "node-1", ""), RequirementRefused());
  EXPECT_THAT(AskAsAccount("httpbin", "node-1", "node-1"), WasIssuedTo(kSelf));
  EXPECT_THAT(AskForPinned("node-1", ""), WasIssuedTo(kPinned));
}

TEST_F(AttestedNodeCalls, TheRecordNamesTheNode) {
  const IstioAnswer answer = AskAsAccount("carried", "node-1", "node-2");
  ASSERT_OK_AND_ASSIGN(const auto ledger, OpenLedgerReadOnly(fixture().config().state_directory + "/rootkeep.db"));
  ASSERT_OK_AND_ASSIGN(const auto entries, ledger->List({.request_id = answer.request_id}));
  ASSERT_EQ(entries.size(), 1U);
  const Intent& intent = entries.front().intent;
  EXPECT_EQ(intent.caller, kCarried);
  EXPECT_EQ(intent.auth_method, "token");
  EXPECT_EQ(intent.node, "node-1");
  EXPECT_EQ(intent.attested_node, "node-2");
  EXPECT_EQ(intent.attestation, "attestation-node-2");
}

TEST_F(AttestedNodeCalls, RefusalsAreCountedByReason) {
  EXPECT_FALSE(AskForPinned("node-1", "node-2").ok());
  EXPECT_FALSE(AskAs({.certificate = &CertificateOf("node-1")}).ok());
  const std::string metrics =
      testing::RunProgram(
          {"curl", "-sS", "--noproxy", "*", "http://" + fixture().daemon().endpoints().operations.front() + "/metrics"})
          .out;
  for (const char* reason : {"requirement_same_node", "node_alone"}) {
    EXPECT_THAT(metrics, HasSubstr(fmt::format("rootkeep_refusals_total{{reason=\"{}\"}} ", reason)));
  }
}

}  // namespace
}  // namespace rootkeep
