// Whether a program could use an agent's key through OpenSSL: the part of `rootkeep provider check` that is about the
// key.
#pragma once

#include <openssl/types.h>

#include <string>
#include <string_view>

#include "keystore/base/result.h"
#include "tools/rootkeep/doctor/checkup.h"

namespace rootkeep::cli {

// Names of the steps that CheckProviderKey takes, in order.
inline constexpr std::string_view kProviderKeySteps[] = {"decode", "custody", "sign", "verify", "private half"};

// What is demanded of the key beyond that it works.
struct KeyDemands {
  bool non_exportable = false;  // the token says so
  bool production = false;      // that too, and the token is none of software
};

// Decodes `name`, a file with a key reference or a URI, with `context`'s providers; says what its token claims about
// it; signs, verifies without the provider, and tries to take the private half.
void CheckProviderKey(Checkup& checkup, OSSL_LIB_CTX* context, const std::string& name, const KeyDemands& demands);

// Whether this provider is Rootkeep's, by what it says of itself: OSSL_PROVIDER_get0_name is whatever the configuration
// calls it. Null is not.
bool IsRootkeepProvider(const OSSL_PROVIDER* provider);

// All that OpenSSL has queued, oldest first, as the message of one error.
Error QueuedErrors(std::string_view call, std::string hint);

}  // namespace rootkeep::cli
