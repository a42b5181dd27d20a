// Who may use Rootkeep's own API (proto/rootkeep/v1), and what for. Nobody, unless the configuration says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/result.h"
#include "signer/caller.h"
#include "signer/policy/requirement.h"
#include "signer/profile/profile.h"

namespace rootkeep {

// What administrative calls ask for.
enum class Role : std::uint8_t { kViewer, kOperator, kSecurityOfficer, kAuditor };

// "viewer", "operator", "security-officer", "auditor".
std::string_view RoleName(Role role);

// Which host names, DNS names and addresses, certificates below a foreign CA may have (ExcludedNames).
enum class HostsBelow : std::uint8_t {
  kNotOurs,  // none under which this service or an agent's relay is known
  kNone,
  kAny,
};

// To certificates of profile foreign-ca.
struct ForeignCaRight {
  unsigned path_length = 0;  // 0: the CA issues leaves only
  LifetimeRules lifetime = ForeignCaLifetime();
  HostsBelow hosts = HostsBelow::kNotOurs;

  friend bool operator==(const ForeignCaRight&, const ForeignCaRight&) = default;
};

struct ApiCaller {
  std::string name;
  std::string trust_domain;  // the only one of which it hears and for which it asks
  // Known by a client certificate or a token with this SPIFFE ID; empty: by a local socket of its own.
  std::string spiffe_id;
  std::optional<ForeignCaRight> foreign_ca;
  bool watch_bundle = false;
  bool publish_jwt_keys = false;
  std::vector<Role> roles;

  // PERMISSION_DENIED with reason "role" without it.
  [[nodiscard]] Status Check(Role role) const;

  friend bool operator==(const ApiCaller&, const ApiCaller&) = default;
};

// The entry of `callers` that `caller` is, if what its identity requires beyond a credential is met. PERMISSION_DENIED
// with reason "api_caller" when there is none, and with those of CheckRequirements. Points into `callers`.
Result<const ApiCaller*> FindApiCaller(const Caller& caller, const std::vector<ApiCaller>& callers,
                                       const std::vector<Requirement>& requirements);

}  // namespace rootkeep
