// Catalogue and token held against each other.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "keystore/catalog/catalog.h"
#include "keystore/key_store.h"

namespace rootkeep {

enum class Finding : std::uint8_t {
  kAsCatalogued,  // the key is there, with the facts it had; or it is DESTROYED and gone
  kUncatalogued,  // a key without a row
  kPendingNoKey,  // its creation stopped before the token made it
  kPendingKey,    // its creation stopped after the token made it: repeat it to finish
  kMissing,       // a row without its key
  kReturned,      // it was MISSING and is there again
  kAnotherKey,    // a key with its label or id, and another public key: the row's own key is missing
  kFactsChanged,  // the token says something else about it than when it was made
  kDestroyBegun,  // its destruction was ordered, and it is there
  kDestroyDone,   // its destruction was ordered, and it is gone, which the row does not say
  kNotDestroyed,  // DESTROYED in the catalogue, in the token all the same
};

// What to tell an operator; empty for kAsCatalogued.
std::string_view FindingText(Finding finding);

struct Compared {
  Finding finding = Finding::kAsCatalogued;
  std::optional<CatalogEntry> entry;
  std::optional<KeyInfo> key;
};

// Pure. Every row of the token and every key, by label; keys without a row last.
std::vector<Compared> Compare(const std::vector<CatalogEntry>& entries, const std::vector<KeyInfo>& keys,
                              const TokenName& token);

// Marks rows MISSING or as found again. The entries are then those after the marking; of an error, those before it.
Status Mark(Catalog& catalog, std::vector<Compared>& compared, WallTime now);

// Compares, marks and reports; deletes nothing on either side. Errors of the token leave the catalogue as it was: a
// token that is away makes no key MISSING.
Result<std::vector<Compared>> Sweep(Catalog& catalog, KeyStore& store, const TokenName& token, WallTime now,
                                    Deadline deadline);

}  // namespace rootkeep
