// From the first message of a node to what is remembered of it, with evidence of TPM simulators.
#include "signer/node/node_attestor.h"

#include "tests/unit/signer/node/attestor_fixture.h"

namespace rootkeep {
namespace {

using testing::EkKind;
using testing::HasCode;
using testing::HasReason;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::SwTpm;
using testing::TestNode;
using Kind = NodeVerdict::Kind;
using enum FirstEnrolment;

// EK certificates begin when they were made, which is after the clock was set.
constexpr std::chrono::seconds kMade{60};

class NodeAttestorTest : public testing::AttestorFixture {
 protected:
  // The inventory has the TPM's EK as node n1.
  void Enrol(const TestNode& node) { Configure(testing::FreshNodes(), {{"n1", node.ek(), ""}}, kDeny); }
};

TEST_F(NodeAttestorTest, ANodeOfTheInventoryIsAttested) {
  const SwTpm tpm(*manufacturer_, "n1");
  TestNode node(tpm);
  Enrol(node);
  ASSERT_OK_AND_ASSIGN(const NodeVerdict verdict, Attest(node));
  ASSERT_EQ(verdict.kind, Kind::kAttested) << verdict.reason << " " << verdict.explanation;
  EXPECT_EQ(verdict.generation, "fresh");
  EXPECT_EQ(verdict.caller.method, AuthMethod::kAttestedNode);
  EXPECT_EQ(verdict.caller.identities.front().value, "spiffe://cluster.local/node/n1");
  EXPECT_EQ(verdict.caller.node, "n1");
  EXPECT_FALSE(verdict.caller.attested_spki.empty());
  EXPECT_EQ(verdict.caller.attested_until, verdict.until);
  EXPECT_THAT(verdict.request.csr_pem, HasSubstr("-----BEGIN CERTIFICATE REQUEST-----"));
  EXPECT_EQ(verdict.request.request_id, "r1");

  const Node remembered = Get().value();
  EXPECT_EQ(remembered.state, NodeState::kAttested);
  EXPECT_EQ(remembered.ek_sha256, node.ek());
  EXPECT_EQ(remembered.ek_origin, "inventory");
  EXPECT_EQ(remembered.attested_until, ToUnixSeconds(verdict.until));
  EXPECT_TRUE(remembered.clock);
  EXPECT_EQ(remembered.evidence.pcrs, "sha256:0=" + std::string(64, '0') + ",12=" + std::string(64, '0'));
  EXPECT_EQ(remembered.evidence.policy, "v1");
  ASSERT_EQ(nodes_->Certificates("n1").value().size(), 1U);
  EXPECT_EQ(nodes_->Certificates("n1").value()[0].id, verdict.certificate);
  EXPECT_THAT(metrics_.Scrape(clock_.Now()), HasSubstr("verdict=\"attested\"} 1"));

  attestor_->Complete(verdict, "0badcafe", verdict.until);
  EXPECT_EQ(nodes_->Certificates("n1").value()[0].serial, "0badcafe");
}

TEST_F(NodeAttestorTest, AKnownNodeProvesItselfAgainAndAfterAReboot) {
  SwTpm tpm(*manufacturer_, "n1");
  std::optional<TestNode> node(tpm);
  Enrol(*node);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Attest(*node)->kind, Kind::kAttested);
  const std::uint32_t resets = Get()->clock->reset_count;
  node.reset();
  tpm.Reboot();
  node.emplace(tpm);
  EXPECT_EQ(Attest(*node)->kind, Kind::kAttested);
  EXPECT_GT(Get()->clock->reset_count, resets);
}

TEST_F(NodeAttestorTest, ANodeThatWasOffForLongComesBackByFreshEvidenceAlone) {
  SwTpm tpm(*manufacturer_, "n1");
  std::optional<TestNode> node(tpm);
  Enrol(*node);
  ASSERT_EQ(Attest(*node)->kind, Kind::kAttested);
  node.reset();
  clock_.Advance(std::chrono::hours(24 * 60));
  EXPECT_EQ(StandingOf(*Get(), ToUnixSeconds(clock_.Now())), kAttestationEnded);
  tpm.Reboot();
  node.emplace(tpm);
  ASSERT_OK_AND_ASSIGN(const NodeVerdict verdict, Attest(*node));
  EXPECT_EQ(verdict.kind, Kind::kAttested) << verdict.reason;
  EXPECT_GT(verdict.until, clock_.Now());
  EXPECT_EQ(StandingOf(*Get(), ToUnixSeconds(clock_.Now())), "attested");
}

TEST_F(NodeAttestorTest, TheUnknownAreDeniedAndLeaveNothing) {
  const SwTpm tpm(*manufacturer_, "n1");
  TestNode node(tpm, EkKind::kL1);
  EXPECT_THAT(Attest(node), HasReason("node_unknown"));
  EXPECT_FALSE(Get());
  EXPECT_THAT(metrics_.Scrape(clock_.Now()), HasSubstr("{reason=\"node_unknown\",verdict=\"refused\"} 1"));
}

TEST_F(NodeAttestorTest, TheUnknownAreHeldUntilAnOperatorApproves) {
  const SwTpm tpm(*manufacturer_, "n1");
  TestNode node(tpm);
  Configure(testing::FreshNodes(), {}, kHold);
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const NodeVerdict verdict, Attest(node));
    EXPECT_EQ(verdict.kind, Kind::kHeld);
    EXPECT_EQ(verdict.reason, "enrolment");
    EXPECT_EQ(Get()->state, NodeState::kHeld);
  }
  Approve();
  EXPECT_EQ(Attest(node)->kind, Kind::kAttested);
}

TEST_F(NodeAttestorTest, AManufacturersTpmIsAllowedByItsChain) {
  const SwTpm tpm(*manufacturer_, "n1");
  TestNode node(tpm, EkKind::kL1);
  clock_.Advance(kMade);
  Configure(testing::FreshNodes(), {}, kAllowByChain);
  EXPECT_EQ(Attest(node)->kind, Kind::kAttested);
  EXPECT_EQ(Get()->ek_origin, "chain");
  EXPECT_THAT(Get()->tpm, HasSubstr(testing::TpmManufacturer::kManufacturer));
  EXPECT_THAT(Attest(node, "n2"), HasReason("node_claim")) << "it is n1 for ever";
}

TEST_F(NodeAttestorTest, AnotherManufacturersTpmIsNot) {
  const testing::TpmManufacturer stranger;
  const SwTpm tpm(stranger, "n1");
  TestNode node(tpm, EkKind::kL1);
  clock_.Advance(kMade);
  Configure(testing::FreshNodes(), {{"n1", "", ""}}, kAllowByChain);
  EXPECT_THAT(Attest(node), HasReason("node_unchained"));
}

TEST_F(NodeAttestorTest, WrongPcrsFailTheNodeForGood) {
  const SwTpm tpm(*manufacturer_, "n1");
  TestNode node(tpm);
  Enrol(node);
  ASSERT_EQ(Attest(node)->kind, Kind::kAttested);
  ASSERT_THAT(testing::ExtendPcr((*node).esys(), 12, Bytes(32, 1)), IsOk());
  ASSERT_OK_AND_ASSIGN(const NodeVerdict verdict, Attest(node));
  EXPECT_EQ(verdict.kind, Kind::kRefused);
  EXPECT_EQ(verdict.reason, "pcr_mismatch");
  EXPECT_EQ(Get()->state, NodeState::kFailed);
  EXPECT_THAT(Get()->explanation, HasSubstr("PCR 12"));
  EXPECT_THAT(Attest(node), HasReason("node_failed"));
  // Right evidence would not help either, until an operator says so.
  Approve();
  EXPECT_EQ(Attest(node)->reason, "pcr_mismatch");
}

TEST_F(NodeAttestorTest, LearningRecordsAndAttestsNobody) {
  const SwTpm tpm(*manufacturer_, "n1");
  TestNode node(tpm);
  NodeGroup learning = testing::FreshNodes();
  learning.policy.pcrs.learn = true;
  Configure(learning, {{"n1", node.ek(), ""}}, kDeny);
  ASSERT_OK_AND_ASSIGN(const NodeVerdict verdict, Attest(node));
  EXPECT_EQ(verdict.kind, Kind::kHeld);
  EXPECT_EQ(verdict.reason, "learning");
  EXPECT_EQ(Get()->state, NodeState::kHeld);
  EXPECT_THAT(Get()->evidence.pcrs, HasSubstr("12=" + std::string(64, '0')));
  EXPECT_TRUE(nodes_->Certificates("n1").value().empty());
}

TEST_F(NodeAttestorTest, AClearedTpmHasToBeEnrolledAgain) {
  SwTpm tpm(*manufacturer_, "n1");
  std::optional<TestNode> node(tpm);
  Enrol(*node);
  ASSERT_EQ(Attest(*node)->kind, Kind::kAttested);
  node.reset();
  tpm.Reboot();  // so that the reset count can fall
  node.emplace(tpm);
  ASSERT_EQ(Attest(*node)->kind, Kind::kAttested);
  ASSERT_THAT(testing::ClearTpm((**node).esys()), IsOk());
  node.reset();
  node.emplace(tpm);
  EXPECT_EQ(Attest(*node)->kind, Kind::kRefused);
  EXPECT_EQ(Get()->state, NodeState::kReenrol);
  EXPECT_THAT(Attest(*node), HasReason("node_reenrol"));
  Approve();
  EXPECT_EQ(Attest(*node)->kind, Kind::kAttested);
}

TEST_F(NodeAttestorTest, AnotherTpmWaitsForAnOperatorAndThenReplacesTheFirst) {
  const SwTpm first(*manufacturer_, "n1");
  const SwTpm second(*manufacturer_, "n1");
  TestNode before(first);
  TestNode after(second, EkKind::kL1);
  clock_.Advance(kMade);
  Enrol(before);
  ASSERT_EQ(Attest(before)->kind, Kind::kAttested);
  ASSERT_OK_AND_ASSIGN(const NodeVerdict verdict, Attest(after));
  EXPECT_EQ(verdict.kind, Kind::kHeld);
  EXPECT_EQ(verdict.reason, "binding");
  EXPECT_EQ(Get()->ek_sha256, before.ek());
  ASSERT_THAT(nodes_->Bind("n1", after.ek(), "alice", 1), IsOk());
  EXPECT_EQ(Attest(after)->kind, Kind::kAttested);
  EXPECT_EQ(Get()->ek_sha256, after.ek());
  EXPECT_EQ(Attest(before)->reason, "binding") << "the inventory still names it: an operator may have it back";
}

TEST_F(NodeAttestorTest, ATpmThatWasReplacedMeanwhileIsNoNodesAnyMore) {
  const SwTpm first(*manufacturer_, "n1");
  const SwTpm second(*manufacturer_, "n1");
  TestNode before(first);
  TestNode after(second, EkKind::kL1);
  clock_.Advance(kMade);
  Enrol(before);
  ASSERT_EQ(Attest(before)->kind, Kind::kAttested);
  ASSERT_EQ(Attest(after)->reason, "binding");
  ASSERT_OK_AND_ASSIGN(auto attempt, Begin(before));
  const auto evidence = before.Answer(attempt->challenge());
  ASSERT_THAT(nodes_->Bind("n1", after.ek(), "alice", 1), IsOk());
  const Node bound = Get().value();

  const auto verdict = attestor_->Judge(std::move(attempt), evidence);
  EXPECT_THAT(verdict, HasCode(Code::kAborted));
  EXPECT_THAT(verdict, HasReason("node_changed"));
  EXPECT_EQ(Get(), bound);
  EXPECT_EQ(nodes_->Certificates("n1").value().size(), 1U);
  EXPECT_EQ(Attest(after)->kind, Kind::kAttested);
}

TEST_F(NodeAttestorTest, OfTwoAttemptsAtOnceTheSlowerChangesNothing) {
  const SwTpm tpm(*manufacturer_, "n1");
  TestNode node(tpm);
  Enrol(node);
  ASSERT_EQ(Attest(node)->kind, Kind::kAttested);
  ASSERT_OK_AND_ASSIGN(auto slow, Begin(node));
  const auto evidence = node.Answer(slow->challenge());
  ASSERT_EQ(Attest(node)->kind, Kind::kAttested);
  const Node attested = Get().value();
  // By its clock alone it would have been a rollback, and the node failed.
  EXPECT_THAT(attestor_->Judge(std::move(slow), evidence), HasReason("node_changed"));
  EXPECT_EQ(Get(), attested);
}

// Whoever knows a node's EK can claim to be it, and no more.
TEST_F(NodeAttestorTest, WithoutTheTpmNothingCanBeDoneToANode) {
  const SwTpm tpm(*manufacturer_, "n1");
  const SwTpm other(*manufacturer_, "n2");
  TestNode node(tpm);
  TestNode attacker(other);
  Enrol(node);
  ASSERT_EQ(Attest(node)->kind, Kind::kAttested);
  ASSERT_OK_AND_ASSIGN(auto attempt, Begin(node));
  ASSERT_OK_AND_ASSIGN(auto another, Begin(node));
  auto evidence = node.Answer(another->challenge());  // of another attempt
  ASSERT_OK_AND_ASSIGN(const NodeVerdict verdict, attestor_->Judge(std::move(attempt), evidence));
  EXPECT_EQ(verdict.kind, Kind::kRefused);
  EXPECT_EQ(verdict.reason, "activation_proof");
  EXPECT_EQ(Get()->state, NodeState::kAttested);
  EXPECT_EQ(nodes_->Certificates("n1").value().size(), 1U);
}

TEST_F(NodeAttestorTest, EvidenceThatComesTooLateChangesNothing) {
  const SwTpm tpm(*manufacturer_, "n1");
  TestNode node(tpm);
  Enrol(node);
  ASSERT_OK_AND_ASSIGN(auto attempt, Begin(node));
  const auto evidence = node.Answer(attempt->challenge());
  clock_.Advance(std::chrono::seconds(61));
  EXPECT_EQ(attestor_->Judge(std::move(attempt), evidence)->kind, Kind::kRepeat);
  EXPECT_FALSE(Get());
}

TEST_F(NodeAttestorTest, WhatAnOperatorDecidesMeanwhileStands) {
  const SwTpm tpm(*manufacturer_, "n1");
  TestNode node(tpm);
  Enrol(node);
  ASSERT_EQ(Attest(node)->kind, Kind::kAttested);
  ASSERT_OK_AND_ASSIGN(auto attempt, Begin(node));
  const auto evidence = node.Answer(attempt->challenge());
  ASSERT_THAT(nodes_->Update("n1", [](Node old) { return Denied(std::move(old), "stolen", 1); }, "alice", 1), IsOk());
  const auto verdict = attestor_->Judge(std::move(attempt), evidence);
  EXPECT_THAT(verdict, HasCode(Code::kAborted));
  EXPECT_THAT(verdict, HasReason("node_changed"));
  EXPECT_EQ(Get()->state, NodeState::kDenied);
  EXPECT_EQ(nodes_->Certificates("n1").value().size(), 1U);
  EXPECT_THAT(Attest(node), HasReason("node_denied"));
}

TEST_F(NodeAttestorTest, ChallengesAreNeverTheSame) {
  const SwTpm tpm(*manufacturer_, "n1");
  TestNode node(tpm);
  Enrol(node);
  ASSERT_OK_AND_ASSIGN(const auto one, Begin(node));
  ASSERT_OK_AND_ASSIGN(const auto other, Begin(node));
  EXPECT_NE(one->challenge().session_id, other->challenge().session_id);
  EXPECT_NE(one->challenge().server_nonce, other->challenge().server_nonce);
  EXPECT_NE(one->challenge().id_object, other->challenge().id_object);
  EXPECT_NE(one->id(), other->id());
}

TEST_F(NodeAttestorTest, AttemptsAreCounted) {
  const SwTpm tpm(*manufacturer_, "n1");
  TestNode node(tpm);
  Enrol(node);
  Limit({.open_attempts = 1});  // the inventory's, not yet enrolled: a stranger too
  {
    ASSERT_OK_AND_ASSIGN(const auto open, Begin(node));
    EXPECT_EQ(attestor_->open_attempts(), 1U);
    const auto refused = Begin(node);
    EXPECT_THAT(refused, HasCode(Code::kResourceExhausted));
    EXPECT_THAT(refused, HasReason("attempts"));
    EXPECT_TRUE(refused.error().retry_after());
  }
  EXPECT_EQ(attestor_->open_attempts(), 0U);
  EXPECT_EQ(Attest(node)->kind, Kind::kAttested);
}

TEST_F(NodeAttestorTest, NoTpmAndNoNetworkMayTryWithoutEnd) {
  const SwTpm tpm(*manufacturer_, "n1");
  TestNode node(tpm);
  Enrol(node);
  Limit({.each_tpm = {.per_minute = 1, .burst = 2}});
  EXPECT_THAT(Begin(node), IsOk());
  EXPECT_THAT(Begin(node), IsOk());
  EXPECT_THAT(Begin(node), HasReason("rate"));
  EXPECT_THAT(Begin(node, "n1", "ipv4:10.0.0.10:1"), IsOk())
      << "claimed elsewhere, it does not keep the node from trying";
  Limit({.each_network = {.per_minute = 1, .burst = 1}});
  EXPECT_THAT(Begin(node), IsOk());
  EXPECT_THAT(Begin(node), HasReason("rate"));
}

TEST_F(NodeAttestorTest, WhatIsNoNodeOrOfNoGroupIsRefused) {
  const SwTpm tpm(*manufacturer_, "n1");
  TestNode node(tpm);
  EXPECT_THAT(Begin(node, "a/b"), HasReason("node_id"));
  Configure(testing::FreshNodes(), {{"n1", node.ek(), "gone"}}, kDeny);
  EXPECT_THAT(Begin(node), HasReason("node_group"));
}

}  // namespace
}  // namespace rootkeep
