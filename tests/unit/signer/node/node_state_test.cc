#include <set>

#include "signer/node/node.h"
#include "tests/support/matchers.h"
#include "tests/unit/signer/node/nodes.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::kThen;
using testing::MakeEvidence;
using testing::MakeNode;
using testing::MakePass;
using enum NodeState;

const NodeFailure kCleared{.reason = "tpm_cleared", .explanation = "cleared", .enrol_again = true};
constexpr std::array kStates = {kHeld, kApproved, kAttested, kFailed, kDenied, kReenrol};

// Of the states, those from which `change` leads somewhere.
template <typename Change>
std::set<NodeState> From(Change change) {
  std::set<NodeState> from;
  for (const NodeState state : kStates) {
    const Result<Node> changed = change(MakeNode("n", 'a', state));
    if (changed.ok()) {
      from.insert(state);
    } else {
      EXPECT_THAT(changed, HasCode(Code::kFailedPrecondition));
      EXPECT_THAT(changed, HasReason("node_state"));
    }
  }
  return from;
}

TEST(NodeState, HasNames) {
  for (const NodeState state : kStates) EXPECT_EQ(NodeStateFromName(NodeStateName(state)), state);
  EXPECT_FALSE(NodeStateFromName("unknown"));
}

TEST(NodeState, EachChangeHasItsPlace) {
  using States = std::set<NodeState>;
  EXPECT_EQ(From([](Node node) { return Attested(std::move(node), MakePass(kThen)); }), (States{kApproved, kAttested}));
  EXPECT_EQ(From([](Node node) { return Failed(std::move(node), MakeEvidence(kThen), {.reason = "pcr"}); }),
            (States{kHeld, kApproved, kAttested}));
  EXPECT_EQ(From([](Node node) { return Held(std::move(node), MakeEvidence(kThen), "learning", ""); }),
            (States{kHeld, kApproved, kAttested}));
  EXPECT_EQ(From([](Node node) { return Approved(std::move(node), kThen); }),
            (States{kHeld, kFailed, kDenied, kReenrol}));
  EXPECT_EQ(From([](Node node) { return Denied(std::move(node), "", kThen); }),
            (States{kHeld, kApproved, kAttested, kFailed, kReenrol}));
}

TEST(NodeState, AttestationIsRememberedAndEnds) {
  ASSERT_OK_AND_ASSIGN(const Node node, Attested(MakeNode("n", 'a'), MakePass(kThen + 5)));
  EXPECT_EQ(node.state, kAttested);
  EXPECT_EQ(node.state_since, kThen + 5);
  EXPECT_EQ(node.attested_until, kThen + 3605);
  EXPECT_EQ(node.clock, MakePass(kThen).clock);
  ASSERT_OK_AND_ASSIGN(const Node again, Attested(node, MakePass(kThen + 9)));
  EXPECT_EQ(again.state_since, kThen + 5) << "attested all along";
  EXPECT_EQ(again.evidence.at, kThen + 9);
}

TEST(NodeState, AFailureEndsTheAttestationAndKeepsTheClock) {
  ASSERT_OK_AND_ASSIGN(const Node attested, Attested(MakeNode("n", 'a'), MakePass(kThen)));
  ASSERT_OK_AND_ASSIGN(const Node node, Failed(attested, MakeEvidence(kThen + 1), {"pcr_value", "PCR 7 differs"}));
  EXPECT_EQ(node.state, kFailed);
  EXPECT_EQ(node.reason, "pcr_value");
  EXPECT_EQ(node.explanation, "PCR 7 differs");
  EXPECT_EQ(node.attested_until, 0);
  EXPECT_EQ(node.evidence.at, kThen + 1);
  EXPECT_EQ(node.clock, attested.clock);
}

TEST(NodeState, AClearedTpmHasToBeEnrolledAnew) {
  ASSERT_OK_AND_ASSIGN(const Node node, Failed(MakeNode("n", 'a'), MakeEvidence(kThen), kCleared));
  EXPECT_EQ(node.state, kReenrol);
}

TEST(NodeState, WhatIsHeldStaysHeldForItsReason) {
  Node held = MakeNode("n", 'a', kHeld);
  held.reason = "enrolment";
  ASSERT_OK_AND_ASSIGN(const Node node, Failed(held, MakeEvidence(kThen + 1), {"pcr_value"}));
  EXPECT_EQ(node.state, kHeld);
  EXPECT_EQ(node.reason, "enrolment");
  EXPECT_EQ(node.evidence.at, kThen + 1);
}

TEST(NodeState, ApprovalForgetsTheClockAndAttestsNothing) {
  ASSERT_OK_AND_ASSIGN(Node node, Attested(MakeNode("n", 'a'), MakePass(kThen)));
  ASSERT_OK_AND_ASSIGN(node, Failed(node, MakeEvidence(kThen + 1), kCleared));
  ASSERT_OK_AND_ASSIGN(node, Approved(node, kThen + 2));
  EXPECT_EQ(node.state, kApproved);
  EXPECT_EQ(node.reason + node.explanation, "");
  EXPECT_EQ(node.attested_until, 0);
  EXPECT_FALSE(node.clock);
  EXPECT_TRUE(node.ak_name.empty());
}

TEST(NodeState, DenialEndsTheAttestation) {
  ASSERT_OK_AND_ASSIGN(Node node, Attested(MakeNode("n", 'a'), MakePass(kThen)));
  ASSERT_OK_AND_ASSIGN(node, Denied(node, "stolen", kThen + 1));
  EXPECT_EQ(node.state, kDenied);
  EXPECT_EQ(node.explanation, "stolen");
  EXPECT_EQ(node.attested_until, 0);
}

TEST(NodeState, AnotherTpmHasNoClockYet) {
  ASSERT_OK_AND_ASSIGN(const Node before, Attested(MakeNode("n", 'a'), MakePass(kThen)));
  const Node node = Rebound(before, testing::EkOf('b'), "other", kThen + 1);
  EXPECT_EQ(node.state, kApproved);
  EXPECT_EQ(node.ek_sha256, testing::EkOf('b'));
  EXPECT_EQ(node.ek_origin, "operator");
  EXPECT_FALSE(node.clock);
}

}  // namespace
}  // namespace rootkeep
