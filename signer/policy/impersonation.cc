#include "signer/policy/impersonation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rootkeep {
namespace {

Error Refuse(std::string_view reason, std::string message) {
  return Unauthenticated(std::move(message)).WithReason(reason);
}

Result<SpiffeId> CallerIdentity(const Caller& caller) {
  if (caller.method != AuthMethod::kToken) {
    return Refuse("impersonation_caller", "a caller known by its certificate alone never impersonates");
  }
  if (caller.identities.size() != 1) {
    return Refuse("impersonation_caller", "the caller does not have exactly one identity");
  }
  Result<SpiffeId> identity = ParseSpiffeId(caller.identities.front().value);
  if (!identity.ok()) return Refuse("impersonation_caller", "the caller's identity is not a SPIFFE ID");
  return identity;
}

Result<SpiffeId> TargetIdentity(const Caller& caller, std::string_view identity, std::string_view trust_domain,
                                const ImpersonationPolicy& policy) {
  Result<SpiffeId> target = ParseSpiffeId(identity);
  if (!target.ok()) return Refuse("impersonation_target", "impersonated identity is " + target.error().message());
  if (target->trust_domain != trust_domain) {
    return Refuse("impersonation_trust_domain", fmt::format("{} is not in trust domain {}", identity, trust_domain));
  }
  const auto reach = policy.issuer_namespaces.find(caller.authenticator);
  if (reach != policy.issuer_namespaces.end() && !AnyMatches(reach->second, target->ns)) {
    return Refuse("impersonation_issuer",
                  fmt::format("token issuer {} does not speak for namespace {}", caller.authenticator, target->ns));
  }
  return target;
}

Status CheckPlacement(const ImpersonationRule& rule, const SpiffeId& target, const NodeRef& where) {
  if (rule.placement == nullptr) return Ok();
  if (where.node.empty() || where.cluster.empty()) {
    return Refuse("impersonation_node",
                  fmt::format("rule {} needs the caller's node, its token names none", rule.name));
  }
  const Result<bool> runs = rule.placement->RunsOn(target, where);
  if (!runs.ok()) {
    return Refuse("impersonation_placement",
                  fmt::format("placement of rule {}: {}", rule.name, runs.error().ToString()));
  }
  if (!*runs) {
    return Refuse("impersonation_placement",
                  fmt::format("{} does not run on node {} of cluster {}", target.ToUri(), where.node, where.cluster));
  }
  return Ok();
}

}  // namespace

Result<Impersonation> DecideImpersonation(const Caller& caller, std::string_view identity,
                                          std::string_view trust_domain, const ImpersonationPolicy& policy) {
  if (policy.rules.empty()) return Refuse("impersonation_off", "no impersonation rule is configured");
  RK_TRY(const SpiffeId self, CallerIdentity(caller));
  if (self.trust_domain != trust_domain) {
    return Refuse("impersonation_trust_domain",
                  fmt::format("caller {} is not in trust domain {}", self.ToUri(), trust_domain));
  }
  if (!std::ranges::any_of(policy.rules, [&](const auto& rule) { return AnyMatches(rule.callers, self); })) {
    return Refuse("impersonation_caller", "no rule names caller " + self.ToUri());
  }
  RK_TRY(SpiffeId target, TargetIdentity(caller, identity, trust_domain, policy));
  Error refusal = Refuse("impersonation_target", fmt::format("no rule lets {} have {}", self.ToUri(), target.ToUri()));
  for (const ImpersonationRule& rule : policy.rules) {
    if (!AnyMatches(rule.callers, self) || !AnyMatches(rule.targets, target)) continue;
    Status placed = CheckPlacement(rule, target, {caller.cluster, caller.node});
    if (placed.ok()) return Impersonation{std::move(target), rule.name};
    refusal = std::move(placed).error();
  }
  return refusal;
}

}  // namespace rootkeep
