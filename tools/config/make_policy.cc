#include "tools/config/make_policy.h"

#include "signer/profile/excluded_names.h"

namespace rootkeep::config {
namespace {

// What a server of ours may be called by its clients.
ExcludedNames OurHosts(const Config& config) {
  constexpr const char* kSomeNode = "node";
  ExcludedNames out;
  if (config.attestation) {
    for (const std::string& domain : config.attestation->server_names.Domains()) out.AddDomain(domain);
    for (const GeneralName& name : config.attestation->server_names.Of(kSomeNode)) out.AddHost(name);
  }
  for (const Listener& listener : config.listeners) {
    for (const GeneralName& name : listener.server_names) out.AddHost(name);
  }
  return out;
}

}  // namespace

Policy MakePolicy(const Config& config, const Placements& placements) {
  Policy policy;
  policy.csr_san = config.csr_san;
  policy.requirements = config.requirements;
  for (const ApiCaller& entry : config.api_callers) policy.api_callers.push_back(entry.caller);
  policy.our_hosts = OurHosts(config);
  if (config.attestation) {
    const std::chrono::seconds lifetime = config.attestation->lifetime;
    policy.node_lifetime = LifetimeRules{.default_ttl = lifetime, .max_ttl = lifetime};
    policy.node_names = config.attestation->server_names;
  }
  for (const TokenIssuer& issuer : config.token_issuers) {
    auto& namespaces = policy.impersonation.issuer_namespaces[issuer.name];
    for (const std::string& ns : issuer.namespaces) {
      if (Result<TextPattern> pattern = TextPattern::Parse(ns); pattern.ok()) namespaces.push_back(*std::move(pattern));
    }
  }
  for (const ImpersonationRule& rule : config.impersonation) {
    rootkeep::ImpersonationRule out{.name = rule.name, .callers = rule.callers, .targets = rule.targets};
    if (!rule.placement.empty()) {
      const auto found = placements.find(rule.placement);
      if (found == placements.end() || found->second == nullptr) continue;
      out.placement = found->second;
    }
    policy.impersonation.rules.push_back(std::move(out));
  }
  return policy;
}

}  // namespace rootkeep::config
