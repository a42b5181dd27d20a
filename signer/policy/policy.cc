#include "signer/policy/policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "signer/policy/foreign_ca.h"
#include "signer/policy/node_grant.h"

namespace rootkeep {
namespace {

constexpr std::size_t kMaxCommonName = 64;  // RFC 5280, appendix A.1: ub-common-name
constexpr std::string_view kSelf = "self";
constexpr std::string_view kKeyAttested = ", key attested";

// Those among the caller's own names, none of them of another trust domain than the authority signs for.
Result<std::vector<SpiffeId>> OwnIdentities(const Caller& caller, std::string_view trust_domain) {
  if (caller.identities.empty()) return Unauthenticated("the caller has no identity").WithReason("no_identity");
  std::vector<SpiffeId> own;
  for (const GeneralName& name : caller.identities) {
    if (name.kind != GeneralName::Kind::kUri) continue;
    Result<SpiffeId> identity = ParseSpiffeId(name.value);
    if (!identity.ok() || identity->trust_domain != trust_domain) {
      return Unauthenticated(fmt::format("caller's identity is not of trust domain {}", trust_domain))
          .WithReason("trust_domain");
    }
    own.push_back(*std::move(identity));
  }
  return own;
}

// For the key that was shown to be in the node's TPM and no other, where one was.
Grant GrantTo(const Caller& caller, std::vector<GeneralName> names, std::string rule) {
  if (!caller.attested_spki.empty()) rule += kKeyAttested;
  return {.sans = std::move(names), .rule = std::move(rule), .spki = caller.attested_spki};
}

Status CheckRequestedNames(const Csr& csr, const std::vector<GeneralName>& granted) {
  for (const GeneralName& name : csr.sans) {
    if (std::ranges::find(granted, name) == granted.end()) {
      return InvalidArgument("unable to validate SAN Identities in CSR")
          .WithHint("the caller has no right to " + name.ToText())
          .WithReason("csr_san");
    }
  }
  return Ok();
}

std::string CommonName(const Csr& csr, const std::vector<GeneralName>& sans) {
  if (csr.common_name.empty()) return {};
  std::string name = sans.front().ToText();
  return name.size() <= kMaxCommonName ? name : std::string();
}

Result<Grant> DecideNamedProfile(const Caller& caller, const IssuanceRequest& request, std::string_view trust_domain,
                                 const Policy& policy) {
  if (request.profile == ProfileName(ProfileKind::kForeignCa)) {
    return DecideForeignCaGrant(caller, request, trust_domain, policy);
  }
  return PermissionDenied("only certificates of profile foreign-ca are asked for by name").WithReason("profile");
}

}  // namespace

Result<Grant> DecideGrant(const Caller& caller, const IssuanceRequest& request, std::string_view trust_domain,
                          const Policy& policy) {
  if (!request.profile.empty()) return DecideNamedProfile(caller, request, trust_domain, policy);
  if (caller.method == AuthMethod::kAttestedNode) return DecideNodeGrant(caller, request, trust_domain, policy);
  RK_TRY(std::vector<SpiffeId> involved, OwnIdentities(caller, trust_domain));
  if (request.impersonated_identity.empty()) {
    RK_RETURN_IF_ERROR(CheckRequirements(caller, involved, policy.requirements));
    return GrantTo(caller, caller.identities, std::string(kSelf));
  }
  RK_TRY(Impersonation allowed,
         DecideImpersonation(caller, request.impersonated_identity, trust_domain, policy.impersonation));
  if (std::ranges::find(policy.api_callers, allowed.target.ToUri(), &ApiCaller::spiffe_id) !=
      policy.api_callers.end()) {
    return Unauthenticated("a caller of Rootkeep's own API is nobody's to impersonate")
        .WithReason("impersonation_api_caller");
  }
  involved.push_back(allowed.target);
  RK_RETURN_IF_ERROR(CheckRequirements(caller, involved, policy.requirements));
  return GrantTo(caller, {{GeneralName::Kind::kUri, allowed.target.ToUri()}}, std::move(allowed.rule));
}

Result<Decision> Decide(Grant grant, const IssuanceRequest& request, const Csr& csr, const IssuerTerms& issuer,
                        const Policy& policy, WallTime now) {
  if (grant.profile && grant.profile->kind == ProfileKind::kForeignCa) {
    return DecideForeignCa(std::move(grant), request, csr, issuer, now);
  }
  if (policy.csr_san == CsrSan::kStrict) RK_RETURN_IF_ERROR(CheckRequestedNames(csr, grant.sans));
  if (!grant.spki.empty() && grant.spki != csr.spki) {
    return Unauthenticated("the request's key is not the attested one").WithReason("node_key");
  }
  const Profile& profile = grant.profile ? *grant.profile : issuer.profile;
  RK_TRY(Validity validity, DecideValidity(request.requested_ttl, profile.lifetime, issuer.validity, now));
  if (grant.not_after) validity.not_after = std::min(validity.not_after, *grant.not_after);
  std::string common_name = CommonName(csr, grant.sans);
  return Decision{.profile = profile,
                  .sans = std::move(grant.sans),
                  .common_name = std::move(common_name),
                  .spki = csr.spki,
                  .not_before = validity.not_before,
                  .not_after = validity.not_after,
                  .rule = std::move(grant.rule)};
}

}  // namespace rootkeep
