// The key catalogue of a state directory, beside the token that a command works on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keystore/catalog/catalog.h"
#include "keystore/catalog/permission.h"
#include "tools/rootkeep/options.h"
#include "tools/rootkeep/token_options.h"
#include "tools/rootkeep/token_place.h"

namespace rootkeep::cli {

// --user: who may sign with a key; without it, DefaultUsers.
void DeclareUsers(Options& options, std::vector<std::string>& into);

// --state.
void DeclareCatalogState(Options& options, std::string& into);

// --state, or else the state directory of --config; empty when neither was given: there is no catalogue then.
Result<std::string> CatalogStateOf(const TokenOptions& token, const std::string& state);

// The catalogue, made with its state directory where they are missing. Errors as StateDir::Prepare.
Result<std::shared_ptr<Catalog>> OpenCatalog(const std::string& state);

// To look only; null when there is none yet.
Result<std::shared_ptr<Catalog>> LookCatalog(const std::string& state);

// The one row that `key` names: by label, or by name where that is enough, of those not DESTROYED. NOT_FOUND, or
// FAILED_PRECONDITION with a hint.
Result<CatalogEntry> FindRow(const Catalog& catalog, const std::string& key);

// As CheckPermitted with the catalogue of that state directory; ok without one, and for a key without a row.
Status CheckInCatalog(const std::string& state, const KeyInfo& key, const Purpose& purpose);

// What the token calls itself.
Result<TokenName> NameOf(const OpenToken& token, const pkcs11::TokenSelector& selector);

// The token's store, with keys made for `users` and opened by `opened_by` through the catalogue, where there is one.
Result<std::shared_ptr<KeyStore>> ThroughCatalog(const OpenToken& token, const pkcs11::TokenSelector& selector,
                                                 const std::shared_ptr<Catalog>& catalog,
                                                 const std::vector<std::string>& users,
                                                 std::string_view opened_by = "");

}  // namespace rootkeep::cli
