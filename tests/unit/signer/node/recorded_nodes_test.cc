#include "signer/node/recorded_nodes.h"

#include "signer/ledger/open_ledger.h"
#include "tests/support/ledger_load.h"
#include "tests/support/manual_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/signer/node/nodes.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::kThen;
using testing::MakeNode;
using testing::MakePass;

// Node n1, attested at kThen for an hour, and its certificate.
class RecordedNodesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(ledger_, OpenLedger({.path = path_, .clock = &clock_}));
    ASSERT_OK_AND_ASSIGN(nodes_, NodeStore::Open(path_));
    ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'a'), kThen), IsOk());
    Attest("n1", kThen);
    Record(issued_);
    Open(std::chrono::nanoseconds(0));
  }
  void Open(std::chrono::nanoseconds remember_for) {
    ASSERT_OK_AND_ASSIGN(recorded_, RecordedNodes::Open(path_, remember_for));
  }

  static Intent CertificateOf(const std::string& node, std::uint64_t number) {
    Intent intent = testing::MakeIntent(number);
    intent.profile = "node";
    intent.node = node;
    intent.credential_id = testing::EkOf('a');
    intent.attestation = "attestation-" + std::to_string(number);
    intent.intended_at = kThen;
    return intent;
  }
  void Record(const Intent& intent) { ASSERT_THAT(testing::IntendAndWait(*ledger_, intent), IsOk()); }
  void Attest(const std::string& id, std::int64_t at) {
    Change(id, [&](Node node) { return Attested(std::move(node), MakePass(at)); });
  }
  void Change(const std::string& id, const NodeStore::Change& change) {
    ASSERT_THAT(nodes_->Update(id, change, "alice", kThen), IsOk());
  }
  Result<NodeRegistry::Entry> Find(const Intent& intent, std::int64_t after = 60) {
    return recorded_->Find({.serial_hex = intent.serial, .tbs_sha256 = Sha256(intent.tbs).value()},
                           FromUnixSeconds(kThen + after));
  }

  testing::TempDir dir_;
  const std::string path_ = dir_ / "rootkeep.db";
  testing::ManualClock clock_{kThen};
  const Intent issued_ = CertificateOf("n1", 1);
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<NodeStore> nodes_;
  std::unique_ptr<RecordedNodes> recorded_;
};

TEST_F(RecordedNodesTest, KnowsWhoseACertificateIs) {
  ASSERT_OK_AND_ASSIGN(const auto entry, Find(issued_));
  EXPECT_EQ(entry.node, "n1");
  EXPECT_EQ(entry.attestation, "attestation-1");
  ledger_->Complete(issued_.issuer, issued_.serial, testing::MakeCertificate(issued_));
  ASSERT_THAT(ledger_->Flush(After(std::chrono::seconds(30))), IsOk());
  EXPECT_THAT(Find(issued_), IsOk()) << "once its outcome is there too";
}

TEST_F(RecordedNodesTest, NoOtherCertificateIsANodes) {
  Intent other = issued_;
  other.tbs.back() ^= 1;
  EXPECT_THAT(Find(other), HasReason("node_certificate_unknown")) << "of the same serial";
  EXPECT_THAT(Find(CertificateOf("n1", 2)), HasReason("node_certificate_unknown")) << "of no record";
  Intent workload = CertificateOf("n1", 3);
  workload.profile = "workload";
  Record(workload);
  EXPECT_THAT(Find(workload), HasReason("node_certificate_unknown")) << "of a workload on that node";
  Intent failed = CertificateOf("n1", 4);
  Record(failed);
  ledger_->Fail(failed.issuer, failed.serial, "the token went away");
  ASSERT_THAT(ledger_->Flush(After(std::chrono::seconds(30))), IsOk());
  EXPECT_THAT(Find(failed), HasReason("node_certificate_unknown")) << "of a request that failed";
  EXPECT_THAT(Find(failed), HasCode(Code::kUnauthenticated));
}

TEST_F(RecordedNodesTest, ASerialOfTwoIssuersIsTwoCertificates) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n2", 'b'), kThen), IsOk());
  Attest("n2", kThen);
  Intent second = CertificateOf("n2", 2);
  second.serial = issued_.serial;
  second.issuer = std::string(64, 'b');
  second.credential_id = testing::EkOf('b');
  Record(second);
  EXPECT_EQ(Find(second).value().node, "n2");
  EXPECT_EQ(Find(issued_).value().node, "n1");
}

TEST_F(RecordedNodesTest, TheAttestationEnds) {
  EXPECT_THAT(Find(issued_, 3599), IsOk());
  EXPECT_THAT(Find(issued_, 3600), HasReason("node_lapsed"));
  Attest("n1", kThen + 1800);
  EXPECT_THAT(Find(issued_, 3600), IsOk()) << "the certificate before the last one, attested all the while";
}

TEST_F(RecordedNodesTest, EveryOtherStateIsRefused) {
  Change("n1",
         [](Node node) { return Failed(std::move(node), testing::MakeEvidence(kThen), {.reason = "quote_magic"}); });
  EXPECT_THAT(Find(issued_), HasReason("node_failed"));
  Change("n1", [](Node node) { return Approved(std::move(node), kThen); });
  EXPECT_THAT(Find(issued_), HasReason("node_unproved"));
  Change("n1", [](Node node) { return Held(std::move(node), testing::MakeEvidence(kThen), "learn", ""); });
  EXPECT_THAT(Find(issued_), HasReason("node_held"));
  Change("n1", [](Node node) { return Denied(std::move(node), "stolen", kThen); });
  EXPECT_THAT(Find(issued_), HasReason("node_denied"));
  Change("n1", [](Node node) { return Approved(std::move(node), kThen); });
  Change("n1", [](Node node) { return Failed(std::move(node), testing::MakeEvidence(kThen), {.enrol_again = true}); });
  EXPECT_THAT(Find(issued_), HasReason("node_reenrol"));
  ASSERT_THAT(nodes_->Remove("n1", "alice", kThen), IsOk());
  EXPECT_THAT(Find(issued_), HasReason("node_unknown"));
  EXPECT_THAT(Find(issued_), HasCode(Code::kUnauthenticated));
}

// What was issued before an operator denied the node does not come back when it is approved.
TEST_F(RecordedNodesTest, ACertificateFromBeforeTheNodeWasAttestedAnewIsRefused) {
  Change("n1", [](Node node) { return Denied(std::move(node), "stolen", kThen + 10); });
  Change("n1", [](Node node) { return Approved(std::move(node), kThen + 20); });
  Attest("n1", kThen + 30);
  EXPECT_THAT(Find(issued_), HasReason("node_certificate_old"));
  Intent fresh = CertificateOf("n1", 2);
  fresh.intended_at = kThen + 30;
  Record(fresh);
  EXPECT_THAT(Find(fresh), IsOk());
}

TEST_F(RecordedNodesTest, ANodeWhoseTpmBecameAnothersIsRefused) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n2", 'b'), kThen), IsOk());
  ASSERT_THAT(nodes_->RequestBinding({.ek_sha256 = testing::EkOf('a'), .node = "n2"}), IsOk());
  ASSERT_THAT(nodes_->Bind("n2", testing::EkOf('a'), "alice", kThen), IsOk());
  EXPECT_THAT(Find(issued_), HasReason("node_ek"));
}

// Within the second in which it is attested by its new TPM, too.
TEST_F(RecordedNodesTest, ANodesCertificateByItsFormerTpmIsRefused) {
  ASSERT_THAT(nodes_->RequestBinding({.ek_sha256 = testing::EkOf('c'), .node = "n1"}), IsOk());
  ASSERT_THAT(nodes_->Bind("n1", testing::EkOf('c'), "alice", kThen), IsOk());
  Attest("n1", kThen);
  EXPECT_THAT(Find(issued_), HasReason("node_ek"));
}

TEST_F(RecordedNodesTest, RemembersWhatItFoundForItsTimeAndNoRefusal) {
  Open(std::chrono::hours(1));
  const auto deny = [](Node node) { return Denied(std::move(node), "stolen", kThen + 10); };
  EXPECT_THAT(Find(issued_), IsOk());
  Change("n1", deny);
  EXPECT_THAT(Find(issued_), IsOk()) << "nobody looked again";
  EXPECT_THAT(Find(issued_, 3600), HasReason("node_denied")) << "what no longer holds by itself is looked up";
  Open(std::chrono::hours(1));
  EXPECT_THAT(Find(issued_), HasReason("node_denied"));
  Change("n1", [](Node node) { return Approved(std::move(node), kThen); });
  EXPECT_THAT(Find(issued_), HasReason("node_unproved")) << "at once";
}

TEST_F(RecordedNodesTest, NeedsTheDatabase) {
  EXPECT_THAT(RecordedNodes::Open(dir_ / "none.db"), HasCode(Code::kNotFound));
}

}  // namespace
}  // namespace rootkeep
