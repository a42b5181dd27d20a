#include "signer/policy/requirement.h"

#include "signer/policy/policy.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

const SpiffeId kWeb{"cluster.local", "default", "web"};
const SpiffeId kZtunnel{"cluster.local", "istio-system", "ztunnel"};

std::vector<IdentityPattern> Only(const SpiffeId& identity) { return {IdentityPattern::Exactly(identity)}; }

Requirement TokenOf(const SpiffeId& identity) { return {.name = "r", .identities = Only(identity)}; }
Requirement NodeOf(const SpiffeId& identity) {
  return {.name = "r", .identities = Only(identity), .level = ProofLevel::kTokenOnAttestedNode};
}
Requirement SameNodeOf(const SpiffeId& identity) {
  Requirement requirement = NodeOf(identity);
  requirement.same_node = true;
  return requirement;
}

// By a token of node-1, over the connection of that node.
Caller OnItsNode(const SpiffeId& identity = kWeb) {
  return {.identities = {{GeneralName::Kind::kUri, identity.ToUri()}},
          .method = AuthMethod::kToken,
          .authenticator = "kubernetes",
          .trust_domain = "cluster.local",
          .cluster = "Kubernetes",
          .node = "node-1",
          .attested_node = "node-1"};
}

Status Check(const Caller& caller, const std::vector<Requirement>& requirements) {
  return CheckRequirements(caller, std::span(&kWeb, 1), requirements);
}

void ExpectRefused(const Status& status, std::string_view reason) {
  EXPECT_THAT(status, HasCode(Code::kPermissionDenied));
  EXPECT_THAT(status, HasReason(reason));
}

TEST(Requirement, WithoutOneEveryCredentialDoes) {
  Caller caller = OnItsNode();
  caller.method = AuthMethod::kClientCertificate;
  caller.node = caller.attested_node = "";
  EXPECT_THAT(Check(caller, {}), IsOk());
  EXPECT_THAT(Check(caller, {SameNodeOf(kZtunnel)}), IsOk()) << "another's";
}

TEST(Requirement, ATokenIsNoClientCertificate) {
  Caller caller = OnItsNode();
  caller.attested_node.clear();
  EXPECT_THAT(Check(caller, {TokenOf(kWeb)}), IsOk());
  for (const AuthMethod method : {AuthMethod::kClientCertificate, AuthMethod::kAttestedNode, AuthMethod::kInternal}) {
    caller.method = method;
    caller.attested_node = "node-1";
    ExpectRefused(Check(caller, {TokenOf(kWeb)}), "requirement_token");
    ExpectRefused(Check(caller, {SameNodeOf(kWeb)}), "requirement_token");
  }
}

TEST(Requirement, AnAttestedNodeCarriesTheToken) {
  Caller caller = OnItsNode();
  EXPECT_THAT(Check(caller, {NodeOf(kWeb)}), IsOk());
  caller.node = "node-2";
  EXPECT_THAT(Check(caller, {NodeOf(kWeb)}), IsOk()) << "which one is not asked";
  caller.attested_node.clear();
  ExpectRefused(Check(caller, {NodeOf(kWeb)}), "requirement_node");
  caller.node = "node-1";
  ExpectRefused(Check(caller, {NodeOf(kWeb)}), "requirement_node");  // what the token says proves no node
}

TEST(Requirement, TheTokensNodeCarriesIt) {
  Caller caller = OnItsNode();
  EXPECT_THAT(Check(caller, {SameNodeOf(kWeb)}), IsOk());
  for (const std::string node : {"node-2", "node-10", "Node-1", "node"}) {
    caller.attested_node = node;
    ExpectRefused(Check(caller, {SameNodeOf(kWeb)}), "requirement_same_node");
  }
  caller.attested_node.clear();
  ExpectRefused(Check(caller, {SameNodeOf(kWeb)}), "requirement_node");
  caller.node.clear();
  ExpectRefused(Check(caller, {SameNodeOf(kWeb)}), "requirement_node");  // two empty names are no match
  caller.attested_node = "node-1";
  ExpectRefused(Check(caller, {SameNodeOf(kWeb)}), "requirement_node_claim");
}

TEST(Requirement, SameNodeNeedsANodeWhateverTheLevel) {
  Requirement requirement = SameNodeOf(kWeb);
  requirement.level = ProofLevel::kToken;
  Caller caller = OnItsNode();
  EXPECT_THAT(Check(caller, {requirement}), IsOk());
  caller.node = caller.attested_node = "";
  ExpectRefused(Check(caller, {requirement}), "requirement_node");
}

TEST(Requirement, AllThatFitMustHold) {
  Caller caller = OnItsNode();
  caller.node = "node-2";
  ExpectRefused(Check(caller, {TokenOf(kWeb), NodeOf(kWeb), SameNodeOf(kWeb)}), "requirement_same_node");
  ExpectRefused(Check(caller, {SameNodeOf(kWeb), TokenOf(kWeb)}), "requirement_same_node");
}

// Through the whole first half of a decision.
class RequirementGrant : public ::testing::Test {
 protected:
  Result<Grant> Ask(const Caller& caller, const std::string& target = "") {
    return DecideGrant(caller, {.impersonated_identity = target}, "cluster.local", policy_);
  }
  void AllowZtunnel() {
    policy_.impersonation.rules = {{.name = "ztunnel", .callers = Only(kZtunnel), .targets = Only(kWeb)}};
  }

  Policy policy_;
};

TEST_F(RequirementGrant, HoldsForACallerItself) {
  policy_.requirements = {NodeOf(kWeb)};
  EXPECT_THAT(Ask(OnItsNode()), IsOk());
  Caller elsewhere = OnItsNode();
  elsewhere.attested_node.clear();
  EXPECT_THAT(Ask(elsewhere), HasReason("requirement_node"));
}

TEST_F(RequirementGrant, TheTargetsHoldsForWhoAsksInItsName) {
  AllowZtunnel();
  policy_.requirements = {SameNodeOf(kWeb)};
  Caller ztunnel = OnItsNode(kZtunnel);
  EXPECT_THAT(Ask(ztunnel, kWeb.ToUri()), IsOk());
  ztunnel.attested_node = "node-2";
  EXPECT_THAT(Ask(ztunnel, kWeb.ToUri()), HasReason("requirement_same_node"));
  EXPECT_THAT(Ask(ztunnel), IsOk()) << "its own identity requires nothing";
}

TEST_F(RequirementGrant, TheCallersOwnHoldsForWhatItAsksInAnothersName) {
  AllowZtunnel();
  policy_.requirements = {NodeOf(kZtunnel)};
  Caller ztunnel = OnItsNode(kZtunnel);
  EXPECT_THAT(Ask(ztunnel, kWeb.ToUri()), IsOk());
  ztunnel.attested_node.clear();
  EXPECT_THAT(Ask(ztunnel, kWeb.ToUri()), HasReason("requirement_node"));
}

// What is not allowed anyway is refused for that.
TEST_F(RequirementGrant, ComesAfterWhatNobodyMayHave) {
  policy_.requirements = {NodeOf(kZtunnel)};
  Caller ztunnel = OnItsNode(kZtunnel);
  ztunnel.attested_node.clear();
  EXPECT_THAT(Ask(ztunnel, kWeb.ToUri()), HasReason("impersonation_off"));
}

TEST(Requirement, AnAttestedKeyIsOneThatTheNodesTpmHas) {
  Requirement requirement = NodeOf(kWeb);
  requirement.level = ProofLevel::kAttestedKey;
  Caller caller = OnItsNode();
  ExpectRefused(Check(caller, {requirement}), "requirement_key");
  caller.attested_spki = {1, 2, 3};
  EXPECT_THAT(Check(caller, {requirement}), IsOk());
  caller.attested_node.clear();
  ExpectRefused(Check(caller, {requirement}), "requirement_node");
  caller = OnItsNode();
  caller.attested_spki = {1, 2, 3};
  requirement.same_node = true;
  EXPECT_THAT(Check(caller, {requirement}), IsOk());
  caller.node = "node-2";
  ExpectRefused(Check(caller, {requirement}), "requirement_same_node");
  caller.method = AuthMethod::kClientCertificate;
  ExpectRefused(Check(caller, {requirement}), "requirement_token");
}

// Whether required or not: what was shown to be in the TPM is what is certified.
TEST(Requirement, WhoShowsEvidenceGetsACertificateForThatKeyAlone) {
  Caller caller = OnItsNode();
  caller.attested_spki = {1, 2, 3};
  ASSERT_OK_AND_ASSIGN(const Grant own, DecideGrant(caller, {}, "cluster.local", {}));
  EXPECT_EQ(own.spki, caller.attested_spki);
  EXPECT_EQ(own.rule, "self, key attested") << "which the record has";
  const IssuerTerms mesh{
      .profile = WorkloadProfile({}),
      .validity = {FromUnixSeconds(0), FromUnixSeconds(4'000'000'000), FromUnixSeconds(4'000'000'000)}};
  const WallTime now = FromUnixSeconds(1'800'000'000);
  EXPECT_THAT(Decide(own, {}, Csr{.spki = {1, 2, 3}}, mesh, {}, now), IsOk());
  const auto other = Decide(own, {}, Csr{.spki = {1, 2, 4}}, mesh, {}, now);
  EXPECT_THAT(other, HasCode(Code::kUnauthenticated));
  EXPECT_THAT(other, HasReason("node_key"));
}

}  // namespace
}  // namespace rootkeep
