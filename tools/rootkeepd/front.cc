#include "tools/rootkeepd/front.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "keystore/base/log.h"
#include "signer/authn/attested_node.h"
#include "signer/authn/chain.h"
#include "signer/authn/direct_issue.h"
#include "signer/authn/mtls.h"
#include "signer/policy/placement_file.h"
#include "tools/config/load.h"
#include "tools/config/make_policy.h"
#include "tools/config/make_token_issuers.h"

namespace rootkeep {
namespace {

constexpr std::chrono::seconds kPlacementPoll{1};

std::shared_ptr<const Authenticator> MakeCertificateAuthenticator(const config::Config& config,
                                                                  bool may_have_foreign_cas,
                                                                  const AuthoritySet& authorities, const Clock& clock) {
  auto certificates = std::make_shared<MtlsAuthenticator>(config.trust_domains, clock);
  if (!may_have_foreign_cas) return certificates;
  return std::make_shared<DirectIssueAuthenticator>(std::move(certificates), authorities);
}

}  // namespace

Result<std::shared_ptr<const Authenticator>> MakeAuthenticator(const config::Config& config, bool may_have_foreign_cas,
                                                               jose::JwksRegistry& sources, const NodeRegistry& nodes,
                                                               const AuthoritySet& authorities, const Clock& clock) {
  // The TLS layer verifies client certificates against the roots of all authorities together, so a CA of one trust
  // domain could vouch for a name in another.
  if (config.client_certificates && config.trust_domains.size() > 1) {
    return InvalidArgument("client certificates are accepted with one trust domain only, for now")
        .WithReason("config")
        .WithHint("set client_certificates: {enabled: false}, or run one rootkeepd a trust domain");
  }
  RK_TRY(auto created, JwtAuthenticator::Create(config::MakeTokenIssuers(config), sources, clock));
  const std::shared_ptr<const Authenticator> tokens = std::move(created);
  std::vector<std::shared_ptr<const Authenticator>> members;
  members.push_back(std::make_shared<AttestedNodeAuthenticator>(config.trust_domains, nodes, tokens, clock));
  if (config.client_certificates)
    members.push_back(MakeCertificateAuthenticator(config, may_have_foreign_cas, authorities, clock));
  members.push_back(tokens);
  return std::shared_ptr<const Authenticator>(std::make_shared<AuthenticatorChain>(std::move(members)));
}

std::shared_ptr<const Policy> MakePolicy(const config::Config& config) {
  config::Placements placements;
  for (const config::Placement& entry : config.placements) {
    placements[entry.name] = PlacementFile::Open(entry.file, kPlacementPoll);
  }
  for (const std::string& warning : config::Warnings(config)) log::Warning("config_warning", {{"detail", warning}});
  return std::make_shared<Policy>(config::MakePolicy(config, placements));
}

std::size_t CountUnsafeRules(const config::Config& config) {
  return static_cast<std::size_t>(
      std::ranges::count_if(config.impersonation, [](const auto& rule) { return rule.placement.empty(); }));
}

}  // namespace rootkeep
