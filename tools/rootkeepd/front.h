// From the configuration to who may ask (authenticators) and what they may have (policy).
#pragma once

#include <memory>

#include "keystore/base/clock.h"
#include "signer/authn/authenticator.h"
#include "signer/authn/jwt.h"
#include "signer/authn/node_registry.h"
#include "signer/authority/authority_set.h"
#include "signer/policy/policy.h"
#include "tools/config/config.h"

namespace rootkeep {

// Tokens over the connections of attested nodes, client certificates, then tokens. Starts the threads that fetch keys;
// an issuer whose keys cannot be had refuses by itself. Where others may keep CAs below ours, client certificates count
// only if our authorities issued them themselves. `nodes`, `authorities` and `clock` outlive the
// result. Errors as CheckTokenIssuers.
Result<std::shared_ptr<const Authenticator>> MakeAuthenticator(const config::Config& config, bool may_have_foreign_cas,
                                                               jose::JwksRegistry& sources, const NodeRegistry& nodes,
                                                               const AuthoritySet& authorities, const Clock& clock);

// Opens the placement files. What the configuration should be warned about, above all rules without placement, goes
// to the log.
std::shared_ptr<const Policy> MakePolicy(const config::Config& config);

// How many impersonation rules do without placement.
std::size_t CountUnsafeRules(const config::Config& config);

}  // namespace rootkeep
