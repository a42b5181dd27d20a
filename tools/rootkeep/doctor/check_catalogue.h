// What the key catalogue of a state directory says, held against a token and its keys. Changes neither.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keystore/catalog/entry.h"
#include "keystore/catalog/permission.h"
#include "keystore/key_store.h"
#include "signer/store/state_dir.h"
#include "tools/rootkeep/doctor/checkup.h"

namespace rootkeep::cli {

// The name of these steps.
inline constexpr const char* kCatalogueStep = "catalogue";

// Nothing: there is no catalogue, or it cannot be read, which is then a finding.
using CatalogueRows = std::optional<std::vector<CatalogEntry>>;

CatalogueRows ReadCatalogue(Checkup& checkup, const store::StateDir& state);

// The token's keys and the rows against each other.
void CheckCatalogue(Checkup& checkup, const CatalogueRows& rows, const std::string& subject, const TokenName& token,
                    KeyStore& store);

// As CheckPermitted; nothing where there is no catalogue or, with a warning, no row.
std::optional<Status> CheckPermission(Checkup& checkup, const std::string& subject, const CatalogueRows& rows,
                                      const KeyInfo& key, const Purpose& purpose);

}  // namespace rootkeep::cli
