// Which TPM options mean.
#pragma once

#include "tools/rootkeep/token_options.h"

namespace rootkeep::cli {

// With `options.tpm`. Touches no hardware. Usage errors for options that are missing or contradict each other;
// NOT_FOUND for a TPM that the agent's configuration has not.
Result<TokenPlace> FindTpmPlace(const TokenOptions& options);

}  // namespace rootkeep::cli
