#include "tools/config/make_token_issuers.h"

namespace rootkeep::config {

std::vector<TokenIssuerConfig> MakeTokenIssuers(const Config& config) {
  std::vector<TokenIssuerConfig> out;
  out.reserve(config.token_issuers.size());
  for (const TokenIssuer& issuer : config.token_issuers) {
    out.push_back({.name = issuer.name,
                   .issuer = issuer.issuer,
                   .audiences = issuer.audiences,
                   .cluster = issuer.cluster,
                   .cluster_aliases = issuer.cluster_aliases,
                   .trust_domain = issuer.trust_domain,
                   .namespaces = issuer.namespaces,
                   .jwks = {.file = issuer.jwks.file,
                            .url = issuer.jwks.url,
                            .ca_file = issuer.jwks.ca_file,
                            .bearer_token_file = issuer.jwks.bearer_token_file,
                            .refresh = issuer.jwks.refresh},
                   .clock_skew = issuer.clock_skew});
  }
  return out;
}

}  // namespace rootkeep::config
