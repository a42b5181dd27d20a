#include "signer/authn/jwt_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "keystore/base/log.h"
#include "signer/spiffe_id.h"

namespace rootkeep {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kMaxSkew{300};

Error Wrong(const TokenIssuerConfig& issuer, std::string_view problem) {
  return InvalidArgument(fmt::format("token issuer \"{}\": {}", issuer.name, problem)).WithReason("config");
}

Status CheckJwks(const TokenIssuerConfig& issuer) {
  const JwksConfig& jwks = issuer.jwks;
  if (jwks.file.empty() == jwks.url.empty()) return Wrong(issuer, "jwks needs exactly one of file and url");
  if (!jwks.url.empty() && !jwks.url.starts_with("https://")) return Wrong(issuer, "the jwks url must be https");
  const std::string authority = jwks.url.substr(0, jwks.url.find('/', std::string_view("https://").size()));
  if (authority.find('@') != std::string::npos) {
    return Wrong(issuer, "the jwks url holds a user name, which log lines would repeat");
  }
  if (jwks.url.empty() && !(jwks.ca_file.empty() && jwks.bearer_token_file.empty())) {
    return Wrong(issuer, "a ca_file or bearer_token_file goes with a jwks url");
  }
  if (std::min({jwks.refresh, jwks.on_demand, jwks.retry, jwks.last_retry, jwks.file_check}) < milliseconds(1)) {
    return Wrong(issuer, "a jwks interval is not positive");
  }
  return Ok();
}

Status CheckOne(const TokenIssuerConfig& issuer) {
  const auto is_empty = [](const std::string& text) { return text.empty(); };
  if (issuer.name.empty()) return Wrong(issuer, "name is missing");
  if (issuer.issuer.empty()) return Wrong(issuer, "issuer is missing");
  if (issuer.audiences.empty() || std::ranges::any_of(issuer.audiences, is_empty)) {
    return Wrong(issuer, "audiences are missing, or one is empty");
  }
  if (issuer.cluster.empty() || std::ranges::any_of(issuer.cluster_aliases, is_empty)) {
    return Wrong(issuer, "cluster is missing, or an alias is empty");
  }
  if (!IsTrustDomain(issuer.trust_domain)) return Wrong(issuer, "trust_domain is missing or malformed");
  for (const std::string& ns : issuer.namespaces) {
    if (ns != "*" && !IsPathSegment(ns)) return Wrong(issuer, "a namespace is neither a name nor \"*\"");
  }
  if (issuer.clock_skew.count() < 0 || issuer.clock_skew > kMaxSkew) {
    return Wrong(issuer, "clock_skew is not between 0 and 300 s");
  }
  return CheckJwks(issuer);
}

bool NamesAll(const TokenIssuerConfig& issuer) {
  return issuer.namespaces.empty() || std::ranges::find(issuer.namespaces, "*") != issuer.namespaces.end();
}

bool Overlap(const TokenIssuerConfig& a, const TokenIssuerConfig& b) {
  if (a.trust_domain != b.trust_domain) return false;
  return NamesAll(a) || NamesAll(b) ||
         std::ranges::any_of(a.namespaces, [&](const std::string& ns) { return MayNameNamespace(b, ns); });
}

}  // namespace

bool MayNameNamespace(const TokenIssuerConfig& issuer, std::string_view ns) {
  return NamesAll(issuer) || std::ranges::find(issuer.namespaces, ns) != issuer.namespaces.end();
}

bool MeansCluster(const TokenIssuerConfig& issuer, std::string_view cluster_id) {
  return cluster_id.empty() || cluster_id == issuer.cluster ||
         std::ranges::find(issuer.cluster_aliases, cluster_id) != issuer.cluster_aliases.end();
}

Status CheckTokenIssuers(std::span<const TokenIssuerConfig> issuers) {
  for (std::size_t i = 0; i < issuers.size(); ++i) {
    RK_RETURN_IF_ERROR(CheckOne(issuers[i]));
    for (const TokenIssuerConfig& earlier : issuers.first(i)) {
      if (earlier.name == issuers[i].name) return Wrong(issuers[i], "the name comes twice");
      if (earlier.issuer == issuers[i].issuer) {
        return Wrong(issuers[i], fmt::format("token issuer \"{}\" already has this issuer", earlier.name));
      }
      if (Overlap(earlier, issuers[i])) {
        log::Warning("token_issuers_overlap",
                     {{"first", earlier.name}, {"second", issuers[i].name}, {"trust_domain", issuers[i].trust_domain}});
      }
    }
  }
  return Ok();
}

}  // namespace rootkeep
