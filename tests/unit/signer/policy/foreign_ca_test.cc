#include "signer/policy/foreign_ca.h"

#include "tests/support/foreign_ca.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using testing::ForeignCa;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

const WallTime kNow = FromUnixSeconds(1'800'000'000);
const std::vector<Bytes> kAbove{testing::NameOf({{{0x55, 0x04, 0x03}, 0x0c, "issuer"}}),
                                testing::NameOf({{{0x55, 0x04, 0x03}, 0x0c, "root"}})};
const GeneralName kName{GeneralName::Kind::kUri, "spiffe://cluster.local"};

Caller Spire() {
  return {.identities = {{GeneralName::Kind::kUri, "caller:spire"}},
          .method = AuthMethod::kLocalSocket,
          .authenticator = "spire",
          .trust_domain = "cluster.local"};
}

class ForeignCaTest : public ::testing::Test {
 protected:
  [[nodiscard]] Result<Grant> GrantTo(const Caller& caller, IssuanceRequest request = {}) const {
    request.profile = "foreign-ca";
    return DecideGrant(caller, request, "cluster.local", policy_);
  }
  Result<Decision> DecideFor(const testing::CsrBuilder& asked, std::int64_t ttl = 0) {
    RK_TRY(Grant grant, GrantTo(Spire()));
    RK_TRY(const Csr csr, ParseCsrDer(asked.Der()));
    return Decide(std::move(grant), {.requested_ttl = ttl}, csr, issuer_, policy_, kNow);
  }
  void ExpectRefused(const testing::CsrBuilder& asked, Code code, const char* reason) {
    const auto decision = DecideFor(asked);
    EXPECT_THAT(decision, HasCode(code));
    EXPECT_THAT(decision, HasReason(reason));
  }

  Policy policy_{.api_callers = {{.name = "spire", .trust_domain = "cluster.local", .foreign_ca = ForeignCaRight{}}}};
  IssuerTerms issuer_{.profile = WorkloadProfile({}),
                      .validity = {kNow - hours(1), kNow + hours(9999), kNow + hours(9999)},
                      .ca_names = kAbove,
                      .room_below = 1};
};

TEST_F(ForeignCaTest, IsDecidedByTheCallersTerms) {
  policy_.api_callers[0].foreign_ca->path_length = 2;
  issuer_.room_below = std::nullopt;
  const ForeignCa ca;
  ASSERT_OK_AND_ASSIGN(const Decision decision, DecideFor(ca.request));
  EXPECT_EQ(decision.profile.kind, ProfileKind::kForeignCa);
  EXPECT_TRUE(decision.profile.ca);
  EXPECT_EQ(decision.profile.key_usage, kKeyCertSign | kCrlSign);
  EXPECT_FALSE(decision.profile.server_auth || decision.profile.client_auth);
  EXPECT_EQ(decision.profile.path_length, 2U);
  EXPECT_EQ(decision.subject_name, ca.request.subject);
  EXPECT_THAT(decision.sans, ElementsAre(kName));
  EXPECT_EQ(decision.spki, ca.request.spki);
  EXPECT_EQ(decision.rule, "spire");
}

TEST_F(ForeignCaTest, NothingBelowItMayHaveAHostsNameOfOurs) {
  policy_.our_hosts.AddHost({GeneralName::Kind::kDns, "ca.example.com"});
  const ForeignCa ca;
  const auto excluded = [&] { return DecideFor(ca.request).value().profile.excluded; };
  EXPECT_EQ(excluded(), policy_.our_hosts) << "the default";
  policy_.api_callers[0].foreign_ca->hosts = HostsBelow::kNone;
  EXPECT_EQ(excluded(), EveryHost());
  policy_.api_callers[0].foreign_ca->hosts = HostsBelow::kAny;
  EXPECT_TRUE(excluded().empty());
}

TEST_F(ForeignCaTest, LivesAsLongAsAskedForAndAllowed) {
  const ForeignCa ca;
  const auto lives = [&](std::int64_t ttl) { return DecideFor(ca.request, ttl).value().not_after - kNow; };
  EXPECT_EQ(lives(0), hours(24)) << "the default";
  EXPECT_EQ(lives(3600), hours(1));
  EXPECT_EQ(lives(60), seconds(60)) << "the least";
  EXPECT_EQ(lives(7 * 86400), hours(24 * 7));
  EXPECT_EQ(lives(7 * 86400 + 1), hours(24 * 7)) << "shortened";
  EXPECT_EQ(lives(std::numeric_limits<std::int64_t>::max()), hours(24 * 7));
  EXPECT_EQ(DecideFor(ca.request).value().not_before, kNow - seconds(10));
  EXPECT_THAT(DecideFor(ca.request, 59), HasReason("ttl_minimum"));
  EXPECT_THAT(DecideFor(ca.request, 59), HasCode(Code::kInvalidArgument));
}

TEST_F(ForeignCaTest, EndsWithItsIssuer) {
  const ForeignCa ca;
  issuer_.validity.not_after = kNow + hours(2);
  EXPECT_EQ(DecideFor(ca.request).value().not_after, kNow + hours(2));
  issuer_.validity.chain_not_after = kNow + hours(1);
  EXPECT_EQ(DecideFor(ca.request, 86400).value().not_after, kNow + hours(1));
  issuer_.validity.chain_not_after = kNow + seconds(59);
  EXPECT_THAT(DecideFor(ca.request), HasReason("issuer_expiring"));
}

TEST_F(ForeignCaTest, ANegativeLifetimeIsRefused) {
  EXPECT_THAT(GrantTo(Spire(), {.requested_ttl = -1}), HasReason("ttl"));
  EXPECT_THAT(GrantTo(Spire(), {.requested_ttl = -1}), HasCode(Code::kInvalidArgument));
}

TEST_F(ForeignCaTest, OnlyWhoIsConfiguredGetsOne) {
  Caller stranger = Spire();
  stranger.authenticator = "other";
  EXPECT_THAT(GrantTo(stranger), HasReason("api_caller"));
  Caller workload{.identities = {GeneralNameFromText("spiffe://cluster.local/ns/a/sa/b")},
                  .method = AuthMethod::kToken,
                  .trust_domain = "cluster.local"};
  EXPECT_THAT(GrantTo(workload), HasCode(Code::kPermissionDenied)) << "its token gets it leaves only";
  policy_.api_callers[0].foreign_ca.reset();
  EXPECT_THAT(GrantTo(Spire()), HasReason("profile"));
  EXPECT_THAT(GrantTo(Spire()), HasCode(Code::kPermissionDenied));
}

TEST_F(ForeignCaTest, AnotherTrustDomainsAuthorityGivesNone) {
  EXPECT_THAT(DecideGrant(Spire(), {.profile = "foreign-ca"}, "other.com", policy_), HasReason("profile"));
}

TEST_F(ForeignCaTest, NobodyAsksForAnotherOrByAnotherProfile) {
  EXPECT_THAT(GrantTo(Spire(), {.impersonated_identity = "spiffe://cluster.local/ns/a/sa/b"}),
              HasReason("impersonation"));
  for (const char* profile : {"workload", "issuing-ca", "root-ca", "server", "node", "FOREIGN-CA"}) {
    EXPECT_THAT(DecideGrant(Spire(), {.profile = profile}, "cluster.local", policy_), HasReason("profile")) << profile;
  }
  EXPECT_THAT(DecideGrant(Spire(), {}, "cluster.local", policy_), HasCode(Code::kUnauthenticated))
      << "a socket's caller is no workload";
}

TEST_F(ForeignCaTest, HasItsTrustDomainsNameAndNoOther) {
  using testing::AltName;
  using testing::AltNames;
  using testing::Extension;
  constexpr std::array<std::uint8_t, 3> kAltName{0x55, 0x1d, 0x11};
  const auto with = [&](const std::vector<Bytes>& names) {
    ForeignCa ca;
    ca.request.extensions = {Extension(kAltName, false, AltNames(names))};
    return ca;
  };
  const Bytes right = AltName(6, "spiffe://cluster.local");
  ForeignCa nameless;
  nameless.request.extensions.clear();
  ExpectRefused(nameless.request, Code::kInvalidArgument, "csr_san");
  for (const std::vector<Bytes>& names : std::vector<std::vector<Bytes>>{{right, right},
                                                                         {right, AltName(2, "ca.test")},
                                                                         {AltName(2, "cluster.local")},
                                                                         {right, AltName(1, "a@b.c")}}) {
    ExpectRefused(with(names).request, Code::kInvalidArgument, "csr_san");
  }
  for (const char* other :
       {"spiffe://other.com", "spiffe://cluster.local/", "spiffe://cluster.local/ns/a/sa/b", "spiffe://CLUSTER.local",
        "SPIFFE://cluster.local", "spiffe://cluster.local?x", "https://cluster.local"}) {
    ExpectRefused(ForeignCa("P-256", other).request, Code::kPermissionDenied, "csr_san");
  }
}

TEST_F(ForeignCaTest, ItsKeyIsOneThatEveryoneVerifiesWith) {
  for (const char* kind : {"P-256", "P-384", "RSA:2048", "RSA:4096"}) {
    EXPECT_THAT(DecideFor(ForeignCa(kind).request), IsOk()) << kind;
  }
  for (const char* kind : {"ED25519", "RSA:2056"}) {
    EXPECT_THAT(DecideFor(ForeignCa(kind).request), HasReason("csr_key")) << kind;
  }
}

TEST_F(ForeignCaTest, ItsSubjectIsNotThatOfACaAboveIt) {
  ForeignCa ca;
  for (const Bytes& name : kAbove) {
    ca.request.subject = name;
    ExpectRefused(ca.request, Code::kInvalidArgument, "csr_subject");
  }
  ca.request.subject = testing::NameOf({});
  ExpectRefused(ca.request, Code::kInvalidArgument, "csr_subject");
}

TEST_F(ForeignCaTest, TheIssuersPathHasToHaveRoom) {
  const ForeignCa ca;
  issuer_.room_below = 0;
  ExpectRefused(ca.request, Code::kFailedPrecondition, "ca_path_length");
  issuer_.room_below = 1;
  policy_.api_callers[0].foreign_ca->path_length = 1;
  ExpectRefused(ca.request, Code::kFailedPrecondition, "ca_path_length");
  issuer_.room_below = 2;
  EXPECT_THAT(DecideFor(ca.request), IsOk());
}

TEST_F(ForeignCaTest, ExtensionsOfTheRequestAreNotCopied) {
  ForeignCa ca;
  // Basic constraints without a path length, and name constraints: what is not asked for is not had either.
  ca.request.extensions.push_back(
      testing::Extension(std::array<std::uint8_t, 3>{0x55, 0x1d, 0x13}, true, Bytes{0x30, 0x03, 0x01, 0x01, 0xff}));
  ASSERT_OK_AND_ASSIGN(const Decision decision, DecideFor(ca.request));
  EXPECT_EQ(decision.profile.path_length, 0U);
}

}  // namespace
}  // namespace rootkeep
