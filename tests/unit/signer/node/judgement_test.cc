#include "signer/node/judgement.h"

#include "attestation/verifier/reasons.h"
#include "signer/store/schema.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/signer/node/nodes.h"

namespace rootkeep {
namespace {

using attestation::Consequence;
using attestation::Verdict;
using testing::EkOf;
using testing::HasReason;
using testing::IsOk;
using testing::kThen;
using testing::MakeEvidence;
using testing::MakeNode;
using enum NodeState;

Verdict Pass() {
  return {.passed = true, .activated = true, .quoted = true, .clock = {.clock = 5, .reset_count = 2, .safe = true}};
}
Verdict Fail(std::string reason, Consequence consequence = Consequence::kFailed) {
  return {.activated = true, .reason = std::move(reason), .explanation = "in words", .consequence = consequence};
}
Verdict Learned() { return {.activated = true, .learned = true, .reason = "pcr_learning", .quoted = true}; }

Admission Known(NodeState state) { return {Admission::Kind::kKnown, MakeNode("n1", 'a', state)}; }
Admission New(const std::string& origin) {
  Admission admission{Admission::Kind::kNew, MakeNode("n1", 'a')};
  admission.node.ek_origin = origin;
  admission.node.enrolled_at = 0;
  return admission;
}
const Admission kHeldNew{Admission::Kind::kHeldNew, MakeNode("n1", 'a', kHeld)};
const Admission kBinding{Admission::Kind::kHeldBinding, MakeNode("n1", 'b')};

TEST(ChangeFor, RightEvidenceAttests) {
  EXPECT_EQ(ChangeFor(Pass(), Known(kApproved)), NodeChange::kAttest);
  EXPECT_EQ(ChangeFor(Pass(), Known(kAttested)), NodeChange::kAttest);
  EXPECT_EQ(ChangeFor(Pass(), New("inventory")), NodeChange::kAttest);
  EXPECT_EQ(ChangeFor(Pass(), New("chain")), NodeChange::kAttest);
}

TEST(ChangeFor, WhatWaitsForAnOperatorIsHeldWhateverItProves) {
  EXPECT_EQ(ChangeFor(Pass(), Known(kHeld)), NodeChange::kHold);
  EXPECT_EQ(ChangeFor(Pass(), kHeldNew), NodeChange::kHold);
  EXPECT_EQ(ChangeFor(Pass(), kBinding), NodeChange::kBinding);
}

TEST(ChangeFor, LearningNeverAttests) {
  for (const Admission& admission : {Known(kApproved), Known(kAttested), Known(kHeld), New("inventory"), kHeldNew}) {
    EXPECT_EQ(ChangeFor(Learned(), admission), NodeChange::kHold);
  }
  EXPECT_EQ(HeldReason(Learned(), Known(kApproved)), "learning");
}

TEST(ChangeFor, WrongEvidenceOfTheNodesOwnTpmFailsIt) {
  EXPECT_EQ(ChangeFor(Fail("pcr_mismatch"), Known(kAttested)), NodeChange::kFail);
  EXPECT_EQ(ChangeFor(Fail("tpm_cleared", Consequence::kEnrolAgain), Known(kAttested)), NodeChange::kFail);
  EXPECT_EQ(ChangeFor(Fail("pcr_mismatch"), New("inventory")), NodeChange::kFail);
}

// Anybody who knows a node's EK could make it fail otherwise.
TEST(ChangeFor, WhoHasNotTheTpmChangesNothing) {
  Verdict stranger = Fail("activation_proof");
  stranger.activated = false;
  EXPECT_EQ(ChangeFor(stranger, Known(kAttested)), NodeChange::kNone);
  EXPECT_EQ(ChangeFor(stranger, New("inventory")), NodeChange::kNone);
}

TEST(ChangeFor, ARestartInBetweenChangesNothing) {
  EXPECT_EQ(ChangeFor(Fail("restarted_between", Consequence::kRepeat), Known(kAttested)), NodeChange::kNone);
}

TEST(ChangeFor, WhatTheServiceCouldNotJudgeChangesNothing) {
  EXPECT_EQ(ChangeFor(Fail("internal", Consequence::kNoVerdict), Known(kAttested)), NodeChange::kNone);
}

// It would take the id from whoever comes with right evidence.
TEST(ChangeFor, AnUnknownTpmThatFailsLeavesNothingBehind) {
  EXPECT_EQ(ChangeFor(Fail("pcr_mismatch"), New("chain")), NodeChange::kNone);
  EXPECT_EQ(ChangeFor(Fail("pcr_mismatch"), kHeldNew), NodeChange::kNone);
  EXPECT_EQ(ChangeFor(Fail("pcr_mismatch"), kBinding), NodeChange::kNone);
}

class WriteTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const auto database, store::Database::Open({.path = path_}));
    ASSERT_THAT(store::Migrate(*database, SystemClock()), IsOk());
    ASSERT_OK_AND_ASSIGN(nodes_, NodeStore::Open(path_));
  }
  Status WriteDown(const Verdict& verdict, const Admission& admission) {
    const Judged judged{.verdict = verdict,
                        .admission = admission,
                        .arrival = arrival_,
                        .group = "edge",
                        .peer = "ipv4:10.0.0.1:1",
                        .evidence = MakeEvidence(kThen),
                        .ak_name = {7},
                        .until = kThen + 3600};
    return Write(*nodes_, ChangeFor(verdict, admission), judged, certificate_);
  }
  std::optional<Node> Get() { return nodes_->Find("n1").value(); }

  testing::TempDir dir_;
  const std::string path_ = dir_ / "rootkeep.db";
  Arrival arrival_{.claimed_node = "n1", .ek_sha256 = EkOf('a'), .chained = true, .tpm = "chip"};
  NodeCertificate certificate_{.node = "n1", .attestation = "a1", .request_id = "r1"};
  std::unique_ptr<NodeStore> nodes_;
};

TEST_F(WriteTest, ANewNodeIsEnrolledAttestedAndItsCertificateNoted) {
  ASSERT_THAT(WriteDown(Pass(), New("chain")), IsOk());
  EXPECT_EQ(Get()->state, kAttested);
  EXPECT_EQ(Get()->group, "edge");
  EXPECT_EQ(Get()->enrolled_at, kThen);
  EXPECT_EQ(Get()->attested_until, kThen + 3600);
  EXPECT_EQ(Get()->clock->reset_count, 2U);
  ASSERT_EQ(nodes_->Certificates("n1").value().size(), 1U);
  EXPECT_EQ(nodes_->Certificates("n1").value()[0].id, certificate_.id);
  EXPECT_EQ(nodes_->Certificates("n1").value()[0].status, NodeCertificateStatus::kAsked);
}

TEST_F(WriteTest, ANewNodeWhoseFirstChangeIsRefusedIsNotThere) {
  Admission admission = New("inventory");
  admission.node.ek_sha256 = EkOf('b');  // not the EK that was judged
  EXPECT_THAT(WriteDown(Pass(), admission), HasReason("node_changed"));
  EXPECT_FALSE(Get());
  EXPECT_TRUE(nodes_->History("n1", 9).value().empty());
}

TEST_F(WriteTest, TheInventorysTpmTakesTheIdFromOneThatIsOnlyHeld) {
  Node squatter = MakeNode("n1", 'b', kHeld);
  squatter.enrolled_at = 0;
  ASSERT_THAT(nodes_->Insert(squatter, kThen), IsOk());
  Admission admission = New("inventory");
  admission.instead_of = squatter;
  ASSERT_THAT(WriteDown(Pass(), admission), IsOk());
  EXPECT_EQ(Get()->ek_sha256, EkOf('a'));
  EXPECT_EQ(Get()->state, kAttested);
}

TEST_F(WriteTest, WhoWasApprovedMeanwhileKeepsItsId) {
  Node squatter = MakeNode("n1", 'b', kHeld);
  squatter.enrolled_at = 0;
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'b', kApproved), kThen), IsOk());
  Admission admission = New("inventory");
  admission.instead_of = squatter;
  EXPECT_THAT(WriteDown(Pass(), admission), HasReason("db_unique"));
  EXPECT_EQ(Get()->ek_sha256, EkOf('b'));
}

TEST_F(WriteTest, AHeldNodeIsRememberedAndGetsNothing) {
  ASSERT_THAT(WriteDown(Pass(), kHeldNew), IsOk());
  EXPECT_EQ(Get()->state, kHeld);
  EXPECT_EQ(Get()->reason, "enrolment");
  EXPECT_EQ(Get()->evidence, MakeEvidence(kThen));
  EXPECT_TRUE(nodes_->Certificates("n1").value().empty());
  ASSERT_THAT(WriteDown(Pass(), {Admission::Kind::kKnown, *Get()}), IsOk());
  EXPECT_EQ(Get()->reason, "enrolment") << "it comes again, and still waits";
}

TEST_F(WriteTest, AFailureIsVisibleAndEndsTheAttestation) {
  ASSERT_THAT(WriteDown(Pass(), New("chain")), IsOk());
  ASSERT_THAT(WriteDown(Fail("pcr_mismatch"), {Admission::Kind::kKnown, *Get()}), IsOk());
  EXPECT_EQ(Get()->state, kFailed);
  EXPECT_EQ(Get()->reason, "pcr_mismatch");
  EXPECT_EQ(Get()->explanation, "in words");
  EXPECT_EQ(Get()->attested_until, 0);
  EXPECT_EQ(nodes_->Certificates("n1").value().size(), 1U) << "what was issued on its word stays known";
}

TEST_F(WriteTest, WhatWasJudgedByAnotherStateOfTheNodeChangesNothing) {
  ASSERT_THAT(WriteDown(Pass(), New("chain")), IsOk());
  const Node attested = *Get();
  Node earlier = attested;
  earlier.clock->clock -= 1;
  EXPECT_THAT(WriteDown(Fail("clock_rollback"), {Admission::Kind::kKnown, earlier}), HasReason("node_changed"));
  arrival_.ek_sha256 = EkOf('b');
  EXPECT_THAT(WriteDown(Pass(), {Admission::Kind::kKnown, attested}), HasReason("node_changed"));
  EXPECT_EQ(*Get(), attested);
}

TEST_F(WriteTest, AClearedTpmIsToBeEnrolledAgain) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'a', kAttested), kThen), IsOk());
  ASSERT_THAT(WriteDown(Fail("tpm_cleared", Consequence::kEnrolAgain), Known(kAttested)), IsOk());
  EXPECT_EQ(Get()->state, kReenrol);
}

TEST_F(WriteTest, AnotherTpmOnlyAsks) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'b', kAttested), kThen), IsOk());
  ASSERT_THAT(WriteDown(Pass(), kBinding), IsOk());
  EXPECT_EQ(Get()->ek_sha256, EkOf('b'));
  EXPECT_EQ(Get()->state, kAttested);
  ASSERT_EQ(nodes_->BindingRequests().value().size(), 1U);
  EXPECT_EQ(nodes_->BindingRequests().value()[0].ek_sha256, EkOf('a'));
}

TEST_F(WriteTest, LearntValuesWaitForAnOperator) {
  ASSERT_THAT(WriteDown(Learned(), New("inventory")), IsOk());
  EXPECT_EQ(Get()->state, kHeld);
  EXPECT_EQ(Get()->reason, "learning");
  EXPECT_EQ(Get()->evidence.pcrs, MakeEvidence(kThen).pcrs);
  EXPECT_EQ(Get()->attested_until, 0);
}

TEST_F(WriteTest, WhatAnOperatorDecidedMeanwhileStands) {
  ASSERT_THAT(nodes_->Insert(MakeNode("n1", 'a', kDenied), kThen), IsOk());
  EXPECT_THAT(WriteDown(Pass(), Known(kApproved)), HasReason("node_state"));
  EXPECT_EQ(Get()->state, kDenied);
  EXPECT_TRUE(nodes_->Certificates("n1").value().empty());
}

TEST_F(WriteTest, AStrangerWritesNothing) {
  Verdict stranger = Fail("activation_proof");
  stranger.activated = false;
  ASSERT_THAT(WriteDown(stranger, New("inventory")), IsOk());
  EXPECT_FALSE(Get());
}

}  // namespace
}  // namespace rootkeep
