#include "signer/policy/policy.h"

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasReason;
using ::testing::IsEmpty;
using testing::Says;

using Kind = GeneralName::Kind;

constexpr std::string_view kTrustDomain = "example.com";
const WallTime kNow = FromUnixSeconds(1'800'000'000);
const GeneralName kSelfName{Kind::kUri, "spiffe://example.com/ns/default/sa/example-pod-sa"};

Caller Pod() { return {.identities = {kSelfName}, .trust_domain = std::string(kTrustDomain)}; }

IssuerTerms Terms() {
  return {.profile = {},
          .validity = {kNow - std::chrono::hours(1), kNow + std::chrono::hours(9999), kNow + std::chrono::hours(9999)}};
}

Result<Decision> DecideFor(const std::vector<GeneralName>& sans, const Csr& csr, const Policy& policy = {}) {
  return Decide(Grant{sans, "self"}, {}, csr, Terms(), policy, kNow);
}

TEST(PolicyConformance, Case7_Case16_CallerGetsItsOwnIdentity) {
  ASSERT_OK_AND_ASSIGN(const Grant grant, DecideGrant(Pod(), {}, kTrustDomain, {}));
  EXPECT_THAT(grant.sans, ElementsAre(kSelfName));
  EXPECT_EQ(grant.rule, "self");
}

TEST(PolicyConformance, Case6_CallerWithoutIdentityGetsNothing) {
  const auto refused = DecideGrant({}, {}, kTrustDomain, {});
  EXPECT_THAT(refused, HasCode(Code::kUnauthenticated));
  EXPECT_THAT(refused, HasReason("no_identity"));
}

TEST(DecideGrantTest, CallerOfAnotherTrustDomainIsRefused) {
  const auto refused = DecideGrant(Pod(), {}, "other.com", {});
  EXPECT_THAT(refused, HasCode(Code::kUnauthenticated));
  EXPECT_THAT(refused, HasReason("trust_domain"));
  Caller odd = Pod();
  odd.identities = {{Kind::kUri, "spiffe://example.com/something/else"}};
  EXPECT_THAT(DecideGrant(odd, {}, kTrustDomain, {}), HasReason("trust_domain"));
}

TEST(PolicyConformance, Case19_ImpersonationIsRefusedByDefault) {
  const auto refused = DecideGrant(Pod(), {.impersonated_identity = kSelfName.value}, kTrustDomain, {});
  EXPECT_THAT(refused, HasCode(Code::kUnauthenticated));
  EXPECT_THAT(refused, HasReason("impersonation_off"));
}

TEST(PolicyConformance, Case21_ImpersonatedNameIsTheOnlyName) {
  Policy policy;
  policy.impersonation.rules = {{.name = "operators",
                                 .callers = {IdentityPattern::Exactly({"example.com", "default", "example-pod-sa"})},
                                 .targets = {IdentityPattern::Exactly({"example.com", "shop", "cart"})}}};
  const std::string target = "spiffe://example.com/ns/shop/sa/cart";
  ASSERT_OK_AND_ASSIGN(const Grant grant, DecideGrant(Pod(), {.impersonated_identity = target}, kTrustDomain, policy));
  EXPECT_THAT(grant.sans, ElementsAre(GeneralName{Kind::kUri, target}));
  EXPECT_EQ(grant.rule, "operators");
}

TEST(PolicyConformance, Case26_EmptyImpersonationIsNone) {
  EXPECT_TRUE(DecideGrant(Pod(), {.impersonated_identity = ""}, kTrustDomain, {}).ok());
}

TEST(PolicyConformance, Case31_NamesOfTheRequestAreOverwritten) {
  const Csr csr{.sans = {{Kind::kUri, "spiffe://different.com/test"}}};
  ASSERT_OK_AND_ASSIGN(const Decision decision, DecideFor({kSelfName}, csr));
  EXPECT_THAT(decision.sans, ElementsAre(kSelfName));
}

TEST(PolicyConformance, Case31_StrictRefusesNamesTheCallerDoesNotGet) {
  const Policy strict{.csr_san = CsrSan::kStrict};
  const std::vector<GeneralName> foreign = {{Kind::kUri, "spiffe://example.com/ns/default/sa/admin"},
                                            {Kind::kDns, kSelfName.value},
                                            {Kind::kIp, std::string("\x7f\0\0\1", 4)}};
  for (const GeneralName& name : foreign) {
    const auto refused = DecideFor({kSelfName}, Csr{.sans = {kSelfName, name}}, strict);
    EXPECT_THAT(refused, HasCode(Code::kInvalidArgument)) << name.ToText();
    EXPECT_THAT(refused, HasReason("csr_san")) << name.ToText();
    EXPECT_THAT(refused, Says(name.ToText()));
  }
  EXPECT_TRUE(DecideFor({kSelfName}, Csr{.sans = {kSelfName}}, strict).ok());
}

TEST(PolicyConformance, Case32_RequestWithoutNamesIsFine) {
  EXPECT_TRUE(DecideFor({kSelfName}, {}).ok());
  EXPECT_TRUE(DecideFor({kSelfName}, {}, {.csr_san = CsrSan::kStrict}).ok());
}

TEST(PolicyConformance, Case33_NoCommonNameAskedNoneGiven) {
  ASSERT_OK_AND_ASSIGN(const Decision decision, DecideFor({kSelfName}, {}));
  EXPECT_THAT(decision.common_name, IsEmpty());
}

TEST(PolicyConformance, Case34_CommonNameIsTheFirstIdentityWhenItFits) {
  const Csr csr{.common_name = "whatever"};
  ASSERT_OK_AND_ASSIGN(const Decision named, DecideFor({kSelfName, {Kind::kDns, "other"}}, csr));
  EXPECT_EQ(named.common_name, kSelfName.value);

  const GeneralName longest{Kind::kDns, std::string(64, 'a')};
  ASSERT_OK_AND_ASSIGN(const Decision fits, DecideFor({longest}, csr));
  EXPECT_EQ(fits.common_name, longest.value);

  const GeneralName too_long{Kind::kDns, std::string(65, 'a')};
  ASSERT_OK_AND_ASSIGN(const Decision unnamed, DecideFor({too_long}, csr));
  EXPECT_THAT(unnamed.common_name, IsEmpty());
  EXPECT_THAT(unnamed.sans, ElementsAre(too_long));
}

TEST(PolicyConformance, Case35_IdentitiesOfSeveralKindsKeepTheirOrder) {
  Caller caller = Pod();
  caller.identities = {{Kind::kDns, "pod.example.com"}, kSelfName, {Kind::kIp, std::string("\x0a\0\0\1", 4)}};
  ASSERT_OK_AND_ASSIGN(Grant grant, DecideGrant(caller, {}, kTrustDomain, {}));
  ASSERT_OK_AND_ASSIGN(const Decision decision, DecideFor(grant.sans, {}));
  EXPECT_EQ(decision.sans, caller.identities);
}

TEST(DecideTest, CarriesKeyProfileRuleAndLifetime) {
  const Csr csr{.spki = {1, 2, 3}};
  ASSERT_OK_AND_ASSIGN(const Decision decision,
                       Decide(Grant{{kSelfName}, "a rule"}, {.requested_ttl = 3600}, csr, Terms(), {}, kNow));
  EXPECT_EQ(decision.spki, csr.spki);
  EXPECT_EQ(decision.rule, "a rule");
  EXPECT_EQ(decision.not_after, kNow + std::chrono::hours(1));
  EXPECT_EQ(decision.profile.kind, ProfileKind::kWorkload);
  EXPECT_THAT(Decide(Grant{{kSelfName}, "a rule"}, {.requested_ttl = 1}, csr, Terms(), {}, kNow),
              HasReason("ttl_minimum"));
}

TEST(Policy, NobodyTakesTheNameOfACallerOfOurOwnApi) {
  constexpr const char* kTarget = "spiffe://cluster.local/ns/spire/sa/server";
  const SpiffeId ztunnel = ParseSpiffeId("spiffe://cluster.local/ns/istio-system/sa/ztunnel").value();
  const SpiffeId target = ParseSpiffeId(kTarget).value();
  Policy policy;
  policy.impersonation.rules = {
      {.name = "r", .callers = {IdentityPattern::Exactly(ztunnel)}, .targets = {IdentityPattern::Exactly(target)}}};
  const Caller caller{.identities = {{GeneralName::Kind::kUri, ztunnel.ToUri()}},
                      .method = AuthMethod::kToken,
                      .trust_domain = "cluster.local"};
  const IssuanceRequest request{.impersonated_identity = kTarget};
  EXPECT_THAT(DecideGrant(caller, request, "cluster.local", policy), testing::IsOk());
  policy.api_callers = {{.name = "spire", .trust_domain = "cluster.local", .spiffe_id = kTarget}};
  const auto refused = DecideGrant(caller, request, "cluster.local", policy);
  EXPECT_THAT(refused, testing::HasReason("impersonation_api_caller"));
  EXPECT_THAT(refused, testing::HasCode(Code::kUnauthenticated));
}

}  // namespace
}  // namespace rootkeep
