// SPIFFE identities of the form istio uses: spiffe://<trust domain>/ns/<namespace>/sa/<service account>.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "keystore/base/result.h"

namespace rootkeep {

struct SpiffeId {
  std::string trust_domain;
  std::string ns;
  std::string service_account;

  // The URI, for example "spiffe://cluster.local/ns/default/sa/httpbin".
  [[nodiscard]] std::string ToUri() const;

  friend auto operator<=>(const SpiffeId&, const SpiffeId&) = default;
};

// Parses a URI of exactly that form; at most 2048 octets (SPIFFE-ID §2.3), trust domain of [a-z0-9.-_] (§2.1), path
// segments of [A-Za-z0-9.-_] that are not "." or ".." (§2.2). INVALID_ARGUMENT otherwise.
Result<SpiffeId> ParseSpiffeId(std::string_view uri);

// Whether `trust_domain`, and whether `segment`, may stand in a SpiffeId.
bool IsTrustDomain(std::string_view trust_domain);
bool IsPathSegment(std::string_view segment);

}  // namespace rootkeep
