// Tokens as rootkeepd's configuration names them.
#pragma once

#include <string>

#include "tools/config/config.h"
#include "tools/rootkeep/token_place.h"

namespace rootkeep::cli {

// The token called `name` in the configuration; an empty name means the only one there is.
Result<TokenPlace> TokenFromConfig(const config::Config& config, const std::string& name);
Result<TokenPlace> TokenFromConfig(const std::string& path, const std::string& name);

}  // namespace rootkeep::cli
