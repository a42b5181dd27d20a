#include "signer/policy/requirement.h"

#include <fmt/format.h>

#include <algorithm>

namespace rootkeep {
namespace {

Error Refuse(std::string_view reason, const Requirement& requirement, std::string_view problem) {
  return PermissionDenied(fmt::format("requirement {}: {}", requirement.name, problem)).WithReason(reason);
}

Status CheckSameNode(const Caller& caller, const Requirement& requirement) {
  if (caller.node.empty()) return Refuse("requirement_node_claim", requirement, "the token names no node");
  if (caller.node == caller.attested_node) return Ok();
  return Refuse("requirement_same_node", requirement,
                fmt::format("the token is of node {}, node {} carried it", caller.node, caller.attested_node));
}

Status Check(const Caller& caller, const Requirement& requirement) {
  if (caller.method != AuthMethod::kToken) {
    return Refuse("requirement_token", requirement, "the caller is not known by a token");
  }
  const bool needs_node = requirement.level != ProofLevel::kToken || requirement.same_node;
  if (!needs_node) return Ok();
  if (caller.attested_node.empty()) return Refuse("requirement_node", requirement, "no attested node carried the call");
  if (requirement.level == ProofLevel::kAttestedKey && caller.attested_spki.empty()) {
    return Refuse("requirement_key", requirement, "nothing shows that the caller's key is in the node's TPM");
  }
  return requirement.same_node ? CheckSameNode(caller, requirement) : Ok();
}

}  // namespace

Status CheckRequirements(const Caller& caller, std::span<const SpiffeId> identities,
                         const std::vector<Requirement>& requirements) {
  for (const Requirement& requirement : requirements) {
    const auto named = [&](const SpiffeId& identity) { return AnyMatches(requirement.identities, identity); };
    if (std::ranges::any_of(identities, named)) RK_RETURN_IF_ERROR(Check(caller, requirement));
  }
  return Ok();
}

}  // namespace rootkeep
