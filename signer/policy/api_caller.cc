#include "signer/policy/api_caller.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rootkeep {
namespace {

bool Is(const ApiCaller& entry, const Caller& caller) {
  if (entry.trust_domain != caller.trust_domain) return false;
  switch (caller.method) {
    case AuthMethod::kLocalSocket: return entry.spiffe_id.empty() && entry.name == caller.authenticator;
    case AuthMethod::kClientCertificate:
    case AuthMethod::kToken:
      return !entry.spiffe_id.empty() &&
             std::ranges::find(caller.identities, GeneralName{GeneralName::Kind::kUri, entry.spiffe_id}) !=
                 caller.identities.end();
    // A node's certificate never says who calls.
    case AuthMethod::kAttestedNode:
    case AuthMethod::kInternal: return false;
  }
  return false;
}

}  // namespace

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kViewer: return "viewer";
    case Role::kOperator: return "operator";
    case Role::kSecurityOfficer: return "security-officer";
    case Role::kAuditor: return "auditor";
  }
  return "unknown";
}

Status ApiCaller::Check(Role role) const {
  if (std::ranges::find(roles, role) != roles.end()) return Ok();
  return PermissionDenied(fmt::format("caller {} does not have the role {}", name, RoleName(role))).WithReason("role");
}

Result<const ApiCaller*> FindApiCaller(const Caller& caller, const std::vector<ApiCaller>& callers,
                                       const std::vector<Requirement>& requirements) {
  const auto found = std::ranges::find_if(callers, [&](const ApiCaller& entry) { return Is(entry, caller); });
  if (found == callers.end()) {
    return PermissionDenied(fmt::format("no entry of api_callers is {}", Describe(caller.identities)))
        .WithReason("api_caller");
  }
  if (!found->spiffe_id.empty()) {
    RK_TRY(const SpiffeId identity, ParseSpiffeId(found->spiffe_id));
    RK_RETURN_IF_ERROR(CheckRequirements(caller, std::array{identity}, requirements));
  }
  return &*found;
}

}  // namespace rootkeep
