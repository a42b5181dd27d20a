#include "signer/node/enrolment.h"

#include "tests/support/matchers.h"
#include "tests/unit/signer/node/nodes.h"

namespace rootkeep {
namespace {

using Kind = Admission::Kind;
using testing::EkOf;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::MakeNode;
using enum FirstEnrolment;
using enum NodeState;

class Enrolment : public ::testing::Test {
 protected:
  Result<Admission> Decide(const std::optional<Node>& bound = {}, const std::optional<Node>& named = {}) {
    return DecideEnrolment(arrival_, bound, named, {inventory_, first_, "default"});
  }
  void Take(std::vector<InventoryEntry> entries) { inventory_ = Inventory::Make(std::move(entries)).value(); }

  Arrival arrival_{.claimed_node = "n1", .ek_sha256 = EkOf('a'), .chained = true, .tpm = "chip"};
  Inventory inventory_;
  FirstEnrolment first_ = kDeny;
};

TEST_F(Enrolment, AKnownNodeIsItself) {
  for (const NodeState state : {kApproved, kAttested, kHeld}) {
    arrival_.chained = false;  // bound once is bound
    ASSERT_OK_AND_ASSIGN(const Admission admission, Decide(MakeNode("n1", 'a', state), MakeNode("n1", 'a', state)));
    EXPECT_EQ(admission.kind, Kind::kKnown);
    EXPECT_EQ(admission.node, MakeNode("n1", 'a', state));
  }
}

TEST_F(Enrolment, AKnownNodeIsHeldToTheInventory) {
  const Node node = MakeNode("n1", 'a', kAttested);
  Take({{"n1", EkOf('b'), ""}});
  EXPECT_THAT(Decide(node, node), HasReason("node_ek"));
  Node bound_by_hand = node;
  bound_by_hand.ek_origin = "operator";
  EXPECT_THAT(Decide(bound_by_hand, bound_by_hand), IsOk());
  Take({{"n2", EkOf('a'), ""}});
  EXPECT_THAT(Decide(node, node), HasReason("node_claim"));
  Take({{"n1", "", ""}});
  EXPECT_THAT(Decide(node, node), IsOk());
}

TEST_F(Enrolment, ANodeOfAChainNeedsItForEver) {
  Node node = MakeNode("n1", 'a', kAttested);
  node.ek_origin = "chain";
  EXPECT_THAT(Decide(node, node), IsOk());
  arrival_.chained = false;
  arrival_.unchained = "ek_revoked";
  EXPECT_THAT(Decide(node, node), HasReason("node_unchained"));
  EXPECT_THAT(Decide(node, node), testing::Says("(ek_revoked)"));
  Take({{"n1", EkOf('a'), ""}});
  EXPECT_THAT(Decide(node, node), IsOk()) << "an operator has named this very EK since";
}

TEST_F(Enrolment, ANodeThatWasRefusedStaysSo) {
  first_ = kAllowByChain;
  Take({{"n1", EkOf('a'), ""}});
  const std::vector<std::pair<NodeState, std::string_view>> refusals = {
      {kDenied, "node_denied"}, {kFailed, "node_failed"}, {kReenrol, "node_reenrol"}};
  for (const auto& [state, reason] : refusals) {
    const auto refused = Decide(MakeNode("n1", 'a', state), MakeNode("n1", 'a', state));
    EXPECT_THAT(refused, HasCode(Code::kPermissionDenied));
    EXPECT_THAT(refused, HasReason(reason));
  }
}

TEST_F(Enrolment, ATpmIsOneNodeForEver) {
  first_ = kAllowByChain;
  EXPECT_THAT(Decide(MakeNode("n2", 'a'), {}), HasReason("node_claim"));
  EXPECT_THAT(Decide(MakeNode("n2", 'a'), MakeNode("n1", 'b')), HasReason("node_claim"));
}

TEST_F(Enrolment, AnotherTpmForAKnownNodeWaitsForAnOperator) {
  first_ = kAllowByChain;
  ASSERT_OK_AND_ASSIGN(const Admission chained, Decide({}, MakeNode("n1", 'b', kAttested)));
  EXPECT_EQ(chained.kind, Kind::kHeldBinding);
  EXPECT_EQ(chained.node, MakeNode("n1", 'b', kAttested)) << "nothing changes until then";
  arrival_.chained = false;
  EXPECT_THAT(Decide({}, MakeNode("n1", 'b')), HasReason("node_ek"));
  Take({{"n1", EkOf('a'), ""}});
  ASSERT_OK_AND_ASSIGN(const Admission listed, Decide({}, MakeNode("n1", 'b')));
  EXPECT_EQ(listed.kind, Kind::kHeldBinding);
  EXPECT_THAT(Decide({}, MakeNode("n1", 'b', kDenied)), HasReason("node_denied"));
}

TEST_F(Enrolment, TheInventorysEkIsEnrolled) {
  arrival_.chained = false;
  Take({{"n1", EkOf('a'), "edge"}});
  ASSERT_OK_AND_ASSIGN(const Admission admission, Decide());
  EXPECT_EQ(admission.kind, Kind::kNew);
  EXPECT_EQ(admission.node.id, "n1");
  EXPECT_EQ(admission.node.group, "edge");
  EXPECT_EQ(admission.node.state, kApproved);
  EXPECT_EQ(admission.node.ek_sha256, EkOf('a'));
  EXPECT_EQ(admission.node.ek_origin, "inventory");
}

TEST_F(Enrolment, TheInventorysEkIsNoOtherNode) {
  first_ = kAllowByChain;
  Take({{"n2", EkOf('a'), ""}});
  EXPECT_THAT(Decide(), HasReason("node_claim"));
  EXPECT_THAT(Decide({}, MakeNode("n1", 'b')), HasReason("node_claim"));
}

TEST_F(Enrolment, TheInventorysNodeIsNoOtherEk) {
  first_ = kAllowByChain;
  Take({{"n1", EkOf('b'), ""}});
  EXPECT_THAT(Decide(), HasReason("node_ek"));
}

TEST_F(Enrolment, TheInventorysNodeWithoutEkTakesAChainedOne) {
  Take({{"n1", "", ""}});
  ASSERT_OK_AND_ASSIGN(const Admission admission, Decide());
  EXPECT_EQ(admission.kind, Kind::kNew);
  EXPECT_EQ(admission.node.group, "default");
  EXPECT_EQ(admission.node.ek_origin, "chain");
  arrival_.chained = false;
  EXPECT_THAT(Decide(), HasReason("node_unchained"));
}

TEST_F(Enrolment, TheUnknownAreDeniedByDefault) {
  const auto refused = Decide();
  EXPECT_THAT(refused, HasCode(Code::kPermissionDenied));
  EXPECT_THAT(refused, HasReason("node_unknown"));
}

TEST_F(Enrolment, TheUnknownCanBeHeld) {
  first_ = kHold;
  arrival_.chained = false;
  ASSERT_OK_AND_ASSIGN(const Admission admission, Decide());
  EXPECT_EQ(admission.kind, Kind::kHeldNew);
  EXPECT_EQ(admission.node.state, kHeld);
  EXPECT_EQ(admission.node.ek_origin, "");
}

// Who came first by an id, with a TPM that nobody vouches for, has not taken it from the node whose id it is.
TEST_F(Enrolment, WhoIsOnlyHeldTakesNoIdFromOthers) {
  first_ = kHold;
  Node squatter = MakeNode("n1", 'b', kHeld);
  squatter.enrolled_at = 0;
  arrival_.chained = false;
  ASSERT_OK_AND_ASSIGN(const Admission beside, Decide({}, squatter));
  EXPECT_EQ(beside.kind, Kind::kHeldBinding) << "an operator sees both";
  EXPECT_THAT(Decide({}, MakeNode("n1", 'b', kHeld)), HasReason("node_ek")) << "one that was enrolled keeps it";
  first_ = kDeny;
  EXPECT_THAT(Decide({}, squatter), HasReason("node_ek"));
  Take({{"n1", EkOf('a'), ""}});
  ASSERT_OK_AND_ASSIGN(const Admission listed, Decide({}, squatter));
  EXPECT_EQ(listed.kind, Kind::kNew);
  EXPECT_EQ(listed.instead_of, squatter);
  Take({{"n1", "", ""}});
  EXPECT_THAT(Decide({}, squatter), HasReason("node_unchained"));
  arrival_.chained = true;
  EXPECT_EQ(Decide({}, squatter)->kind, Kind::kNew);
  EXPECT_EQ(Decide({}, MakeNode("n1", 'b', kHeld))->kind, Kind::kHeldBinding);
}

TEST_F(Enrolment, TheUnknownCanBeAllowedByTheirChain) {
  first_ = kAllowByChain;
  ASSERT_OK_AND_ASSIGN(const Admission admission, Decide());
  EXPECT_EQ(admission.kind, Kind::kNew);
  EXPECT_EQ(admission.node.state, kApproved);
  EXPECT_EQ(admission.node.ek_origin, "chain");
  arrival_.chained = false;
  EXPECT_THAT(Decide(), HasReason("node_unknown"));
}

}  // namespace
}  // namespace rootkeep
