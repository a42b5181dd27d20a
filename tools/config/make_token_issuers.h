// From configuration to what the authenticator of tokens is created with.
#pragma once

#include <vector>

#include "signer/authn/jwt_config.h"
#include "tools/config/config.h"

namespace rootkeep::config {

// In the order of the file; every one passes CheckTokenIssuers.
std::vector<TokenIssuerConfig> MakeTokenIssuers(const Config& config);

}  // namespace rootkeep::config
