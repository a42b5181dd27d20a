#include "keystore/catalog/adopt.h"

#include <algorithm>

namespace rootkeep {

Status Adopt(Catalog& catalog, const KeyInfo& key, CustodyLevel level, const std::vector<std::string>& users,
             WallTime now) {
  // Of a key without a name of ours this says that its use is unknown.
  RK_RETURN_IF_ERROR(CheckCustody(key, key.named ? key.named->use : KeyUse::kApp, level, false));
  const KeySpec spec{.type = key.public_key.type(),
                     .use = key.named->use,
                     .name = key.named->name,
                     .generation = key.named->generation,
                     .custody = level};
  const TokenName token{.label = key.device.label, .serial = key.device.serial};
  RK_RETURN_IF_ERROR(catalog.Intend(spec, token, users, now));
  return catalog.Activate(key, now);
}

Status AdoptUnlessKnown(Catalog& catalog, const KeyInfo& key, CustodyLevel level, const std::vector<std::string>& users,
                        WallTime now) {
  RK_TRY(const std::vector<CatalogEntry> entries, catalog.List());
  const bool known = std::ranges::any_of(entries, [&key](const CatalogEntry& entry) {
    return entry.label == key.label || (entry.key && entry.key->public_key == key.public_key);
  });
  return known ? Ok() : Adopt(catalog, key, level, users, now);
}

}  // namespace rootkeep
