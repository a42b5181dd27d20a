// The key catalogue of a state directory, beside the token that a command works on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keystore/catalog/catalog.h"
#include "tools/rootkeep/options.h"
#include "tools/rootkeep/token_options.h"
#include "tools/rootkeep/token_place.h"

namespace rootkeep::cli {

// The permitted user that stands for the CA service.
inline constexpr char kDaemonUser[] = "rootkeepd";

// Who may sign with a key of this use: the CA service only, or nobody named.
std::vector<std::string> UsersOf(KeyUse use);

// --state.
void DeclareCatalogState(Options& options, std::string& into);

// --state, or else the state directory of --config; empty when neither was given: there is no catalogue then.
Result<std::string> CatalogStateOf(const TokenOptions& token, const std::string& state);

// The catalogue, made with its state directory where they are missing. Errors as StateDir::Prepare.
Result<std::shared_ptr<Catalog>> OpenCatalog(const std::string& state);

// To look only; null when there is none yet.
Result<std::shared_ptr<Catalog>> LookCatalog(const std::string& state);

// What the token calls itself.
Result<TokenName> NameOf(const OpenToken& token, const pkcs11::TokenSelector& selector);

// The token's store, with keys made through the catalogue, where there is one, for `users`.
Result<std::shared_ptr<KeyStore>> ThroughCatalog(const OpenToken& token, const pkcs11::TokenSelector& selector,
                                                 const std::shared_ptr<Catalog>& catalog,
                                                 const std::vector<std::string>& users);

}  // namespace rootkeep::cli
