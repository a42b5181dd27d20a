#include "signer/policy/node_grant.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "signer/spiffe_id.h"

namespace rootkeep {
namespace {

Status CheckNodeName(const Caller& caller, std::string_view trust_domain) {
  const auto refused = [](std::string message) {
    return Unauthenticated(std::move(message)).WithReason("node_identity");
  };
  if (caller.identities.size() != 1 || caller.identities[0].kind != GeneralName::Kind::kUri) {
    return refused("a node has one name, a URI");
  }
  const std::string& uri = caller.identities[0].value;
  if (!uri.starts_with(fmt::format("spiffe://{}/", trust_domain))) {
    return refused(fmt::format("the node's name is not of trust domain {}", trust_domain));
  }
  if (ParseSpiffeId(uri).ok()) return refused("the node's name is one of a workload");
  return Ok();
}

}  // namespace

Result<Grant> DecideNodeGrant(const Caller& caller, const IssuanceRequest& request, std::string_view trust_domain,
                              const Policy& policy) {
  if (!policy.node_lifetime) {
    return Unauthenticated("no certificates for nodes are configured").WithReason("node_off");
  }
  if (!request.impersonated_identity.empty()) {
    return Unauthenticated("a node may not ask in another's name").WithReason("node_impersonation");
  }
  if (caller.attested_spki.empty()) return Unauthenticated("no key was attested").WithReason("node_key");
  RK_RETURN_IF_ERROR(CheckNodeName(caller, trust_domain));
  std::vector<GeneralName> names = caller.identities;
  std::ranges::move(policy.node_names.Of(caller.node), std::back_inserter(names));
  return Grant{.sans = std::move(names),
               .rule = "attested-node",
               .profile = NodeProfile(*policy.node_lifetime),
               .spki = caller.attested_spki,
               .not_after = caller.attested_until};
}

}  // namespace rootkeep
