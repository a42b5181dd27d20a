// What an operator says about the issuers of service account tokens.
#pragma once

#include <chrono>
#include <compare>
#include <span>
#include <string>
#include <vector>

#include "keystore/base/result.h"

namespace rootkeep {

// Where an issuer's keys are: exactly one of `file` and `url`.
struct JwksConfig {
  std::string file;
  std::string url;                // https only
  std::string ca_file;            // for the URL alone; empty: the system's anchors
  std::string bearer_token_file;  // for the URL; empty: no authorization header

  std::chrono::milliseconds refresh{std::chrono::minutes(5)};     // of the URL, a tenth less or more at random
  std::chrono::milliseconds on_demand{std::chrono::seconds(10)};  // least time to a load because of an unknown kid
  std::chrono::milliseconds retry{std::chrono::seconds(1)};       // after a failure, doubling
  std::chrono::milliseconds last_retry{std::chrono::seconds(60)};
  std::chrono::milliseconds file_check{std::chrono::seconds(1)};  // how often the file is looked at

  auto operator<=>(const JwksConfig&) const = default;
};

// Binds one issuer to the identities that its tokens may stand for: the trust domain, and the namespaces in it. A token
// can obtain nothing outside them, whatever it says.
struct TokenIssuerConfig {
  std::string name;                          // ours, for records and metrics; unique
  std::string issuer;                        // the `iss` claim, exactly; unique
  std::vector<std::string> audiences;        // one of them must be in `aud`
  std::string cluster;                       // the cluster this issuer speaks for
  std::vector<std::string> cluster_aliases;  // further values of the clusterid header that mean this cluster
  std::string trust_domain;
  std::vector<std::string> namespaces;  // exact names, or "*" for all; empty means all
  JwksConfig jwks;
  // How far an issuer's clock may be ahead of ours: `nbf` and `iat` may lie that far in the future. `exp` is exact.
  std::chrono::seconds clock_skew{5};
};

// Whether `ns` is among the issuer's namespaces.
bool MayNameNamespace(const TokenIssuerConfig& issuer, std::string_view ns);

// Whether a clusterid header of this value means the issuer's cluster; absent (empty) does.
bool MeansCluster(const TokenIssuerConfig& issuer, std::string_view cluster_id);

// INVALID_ARGUMENT, naming the issuer and the field, when an entry is incomplete or out of range or two entries have
// the same name or the same `issuer`: a token names its issuer by that string alone, so two cannot share it. Logs a
// warning for every pair that may stand for the same identities, because that is legal (clusters of one mesh) but worth
// knowing.
Status CheckTokenIssuers(std::span<const TokenIssuerConfig> issuers);

}  // namespace rootkeep
