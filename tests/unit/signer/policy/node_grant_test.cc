#include "signer/policy/node_grant.h"

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

const WallTime kNow = FromUnixSeconds(1'800'000'000);
const GeneralName kName{GeneralName::Kind::kUri, "spiffe://example.com/node/n1"};
const Bytes kSpki{1, 2, 3};

Policy Nodes() {
  Policy policy;
  policy.node_lifetime = LifetimeRules{.default_ttl = std::chrono::hours(1), .max_ttl = std::chrono::hours(1)};
  return policy;
}

Caller Node() {
  return {.identities = {kName},
          .method = AuthMethod::kAttestedNode,
          .authenticator = "tpm",
          .trust_domain = "example.com",
          .node = "n1",
          .attested_spki = kSpki,
          .attested_until = kNow + std::chrono::hours(1)};
}

Result<Grant> GrantTo(const Caller& caller, const IssuanceRequest& request = {}) {
  return DecideGrant(caller, request, "example.com", Nodes());
}

Result<Decision> DecideFor(const Caller& caller, const Csr& csr, std::int64_t ttl) {
  RK_TRY(Grant grant, GrantTo(caller));
  const IssuerTerms mesh{
      .profile = WorkloadProfile({}),
      .validity = {kNow - std::chrono::hours(1), kNow + std::chrono::hours(9999), kNow + std::chrono::hours(9999)}};
  return Decide(std::move(grant), {.requested_ttl = ttl}, csr, mesh, Nodes(), kNow);
}

TEST(NodeGrant, AnAttestedNodeGetsItsOwnNames) {
  ASSERT_OK_AND_ASSIGN(const Grant grant, GrantTo(Node()));
  EXPECT_THAT(grant.sans, ElementsAre(kName, GeneralNameFromText("localhost"), GeneralNameFromText("127.0.0.1"),
                                      GeneralNameFromText("::1")));
  EXPECT_EQ(grant.rule, "attested-node");
  EXPECT_EQ(grant.spki, kSpki);
}

TEST(NodeGrant, ItsCertificateIsOfProfileNodeAndLivesNoLongerThanTheAttestation) {
  ASSERT_OK_AND_ASSIGN(const Decision decision, DecideFor(Node(), Csr{.spki = kSpki}, 0));
  EXPECT_EQ(decision.profile.kind, ProfileKind::kNode);
  EXPECT_EQ(decision.not_after, kNow + std::chrono::hours(1));
  EXPECT_THAT(DecideFor(Node(), Csr{.spki = kSpki}, 3601), HasReason("ttl")) << "the authority's maximum is longer";
}

TEST(NodeGrant, ItsCertificateEndsWithTheAttestationHoweverLateItIsAskedFor) {
  Caller late = Node();
  late.attested_until = kNow + std::chrono::minutes(10);
  ASSERT_OK_AND_ASSIGN(const Decision decision, DecideFor(late, Csr{.spki = kSpki}, 0));
  EXPECT_EQ(decision.not_after, late.attested_until);
}

TEST(NodeGrant, OnlyTheAttestedKeyIsCertified) {
  const auto refused = DecideFor(Node(), Csr{.spki = {1, 2, 4}}, 0);
  EXPECT_THAT(refused, HasCode(Code::kUnauthenticated));
  EXPECT_THAT(refused, HasReason("node_key"));
  Caller unvouched = Node();
  unvouched.attested_spki.clear();
  EXPECT_THAT(GrantTo(unvouched), HasReason("node_key"));
}

TEST(NodeGrant, WhereNoneAreConfiguredThereIsNone) {
  EXPECT_THAT(DecideGrant(Node(), {}, "example.com", {}), HasReason("node_off"));
}

TEST(NodeGrant, ANodeAsksForNobodyElse) {
  EXPECT_THAT(GrantTo(Node(), {.impersonated_identity = "spiffe://example.com/ns/a/sa/b"}),
              HasReason("node_impersonation"));
}

TEST(NodeGrant, ANodeHasOneNameThatIsNoWorkloads) {
  using Kind = GeneralName::Kind;
  for (const std::vector<GeneralName>& names :
       std::vector<std::vector<GeneralName>>{{},
                                             {kName, kName},
                                             {{Kind::kDns, "n1"}},
                                             {{Kind::kUri, "spiffe://other.com/node/n1"}},
                                             {{Kind::kUri, "spiffe://example.community/node/n1"}},
                                             {{Kind::kUri, "spiffe://example.com/ns/a/sa/b"}}}) {
    Caller caller = Node();
    caller.identities = names;
    const auto refused = GrantTo(caller);
    EXPECT_THAT(refused, HasCode(Code::kUnauthenticated)) << Describe(names);
    EXPECT_THAT(refused, HasReason("node_identity")) << Describe(names);
  }
}

// The other way round: no name of a node's gets a workload anything.
TEST(NodeGrant, AWorkloadWithANodesNameGetsNothing) {
  Caller caller = Node();
  caller.method = AuthMethod::kToken;
  EXPECT_THAT(GrantTo(caller), HasReason("trust_domain"));
}

}  // namespace
}  // namespace rootkeep
