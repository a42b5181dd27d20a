// From a module's path to a token that is logged in, each step a finding of its own.
#pragma once

#include <optional>
#include <string>

#include "tools/rootkeep/doctor/checkup.h"
#include "tools/rootkeep/token_place.h"

namespace rootkeep::cli {

// Opens the module, initialises it, finds the token, reads the PIN, logs in. Nothing after a step that failed.
std::optional<OpenToken> CheckToken(Checkup& checkup, pkcs11::ModuleRegistry& modules, const std::string& name,
                                    const TokenPlace& place);

// The key in that token: found, in the custody its use asks for, signing what its public key verifies. `permitted` is
// what the catalogue says about it, where there is one: a key that may not sign is not made to.
void CheckKey(Checkup& checkup, const Result<std::shared_ptr<const Signer>>& found, const std::string& name, KeyUse use,
              CustodyLevel level, bool production, const std::optional<Status>& permitted);

// The same steps as not tried.
void SkipKey(Checkup& checkup, const std::string& name);

}  // namespace rootkeep::cli
