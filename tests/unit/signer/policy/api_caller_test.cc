#include "signer/policy/api_caller.h"

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

constexpr const char* kWeb = "spiffe://example.com/ns/spire/sa/server";

Caller Known(AuthMethod method, const std::string& identity, std::string authenticator = "x") {
  return {.identities = {GeneralNameFromText(identity)},
          .method = method,
          .authenticator = std::move(authenticator),
          .trust_domain = "example.com"};
}

std::vector<ApiCaller> Callers() {
  return {{.name = "local", .trust_domain = "example.com", .roles = {Role::kViewer}},
          {.name = "remote", .trust_domain = "example.com", .spiffe_id = kWeb}};
}

Result<std::string> Find(const Caller& caller, const std::vector<Requirement>& requirements = {}) {
  const auto callers = Callers();
  RK_TRY(const ApiCaller* found, FindApiCaller(caller, callers, requirements));
  return found->name;
}

TEST(ApiCaller, IsFoundByItsSocketOrItsIdentity) {
  EXPECT_EQ(Find(Known(AuthMethod::kLocalSocket, "caller:local", "local")).value(), "local");
  EXPECT_EQ(Find(Known(AuthMethod::kToken, kWeb)).value(), "remote");
  EXPECT_EQ(Find(Known(AuthMethod::kClientCertificate, kWeb)).value(), "remote");
}

TEST(ApiCaller, NobodyElseIs) {
  for (const Caller& caller :
       {Known(AuthMethod::kToken, "spiffe://example.com/ns/spire/sa/other"),
        // Only a socket makes somebody its caller, and only a credential an identity's.
        Known(AuthMethod::kToken, "caller:local", "local"), Known(AuthMethod::kLocalSocket, kWeb, "remote"),
        Known(AuthMethod::kLocalSocket, "caller:other", "other"),
        // From where a call comes says nothing about who calls.
        Known(AuthMethod::kAttestedNode, kWeb), Known(AuthMethod::kInternal, kWeb),
        // A DNS name that reads like the identity is none.
        Caller{.identities = {{GeneralName::Kind::kDns, kWeb}},
               .method = AuthMethod::kClientCertificate,
               .trust_domain = "example.com"}}) {
    EXPECT_THAT(Find(caller), HasCode(Code::kPermissionDenied)) << Describe(caller.identities);
    EXPECT_THAT(Find(caller), HasReason("api_caller")) << Describe(caller.identities);
  }
}

TEST(ApiCaller, IsOfItsTrustDomainOnly) {
  Caller caller = Known(AuthMethod::kLocalSocket, "caller:local", "local");
  caller.trust_domain = "other.com";
  EXPECT_THAT(Find(caller), HasReason("api_caller"));
}

TEST(ApiCaller, MeetsWhatItsIdentityRequires) {
  const SpiffeId identity = ParseSpiffeId(kWeb).value();
  const std::vector<Requirement> requirements{{.name = "r", .identities = {IdentityPattern::Exactly(identity)}}};
  EXPECT_THAT(Find(Known(AuthMethod::kToken, kWeb), requirements), IsOk());
  EXPECT_THAT(Find(Known(AuthMethod::kClientCertificate, kWeb), requirements), HasReason("requirement_token"));
  EXPECT_THAT(Find(Known(AuthMethod::kLocalSocket, "caller:local", "local"), requirements), IsOk());
}

TEST(ApiCaller, HasItsRolesAndNoOther) {
  const ApiCaller local = Callers().front();
  EXPECT_THAT(local.Check(Role::kViewer), IsOk());
  for (const Role role : {Role::kOperator, Role::kSecurityOfficer, Role::kAuditor}) {
    EXPECT_THAT(local.Check(role), HasReason("role")) << RoleName(role);
    EXPECT_THAT(local.Check(role), HasCode(Code::kPermissionDenied)) << RoleName(role);
  }
}

}  // namespace
}  // namespace rootkeep
