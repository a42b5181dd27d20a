// The claims of a Kubernetes service account token (RFC 7519 §4.1; Kubernetes: bound service account tokens).
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"

namespace rootkeep::jose {

// What a token says; nothing here is verified by reading it. Times in seconds since the Unix epoch, fractions dropped.
struct Claims {
  std::vector<std::string> audiences;  // `aud`, a string or a list
  std::int64_t expires = 0;            // `exp`, required
  std::optional<std::int64_t> not_before;
  std::optional<std::int64_t> issued_at;
  std::string id;               // `jti`; empty when there is none
  std::string ns;               // from `sub`
  std::string service_account;  // from `sub`
  std::string pod;              // from `kubernetes.io`, each empty when not there
  std::string pod_uid;
  std::string node;
};

// The `iss` claim. UNAUTHENTICATED with reason "token_issuer" when there is none.
Result<std::string> ReadIssuer(const nlohmann::json& payload);

// Reads the rest. UNAUTHENTICATED: "token_subject" unless `sub` is system:serviceaccount:<namespace>:<name> with names
// as Kubernetes has them (RFC 1123) and `kubernetes.io`, where present, agrees with it; "token_malformed" for a claim
// of the wrong type or a time that is no number of seconds between 1970 and 9999.
Result<Claims> ReadClaims(const nlohmann::json& payload);

// Whether the token is valid at `now`: before `exp`, exactly, and not before `nbf` or `iat` by more than `skew`, which
// allows for an issuer whose clock is ahead. UNAUTHENTICATED with reason "token_expired" or "token_not_yet_valid".
Status CheckTimes(const Claims& claims, WallTime now, std::chrono::seconds skew);

}  // namespace rootkeep::jose
