// Which generation a new key of a name has.
#pragma once

#include <span>
#include <string_view>

#include "keystore/catalog/entry.h"

namespace rootkeep {

// Pure. One above the highest that any row or key has for this use and name; that highest itself while its row is
// PENDING, because its creation is to be finished; 1 when there is none. RESOURCE_EXHAUSTED after the last there is.
Result<std::uint32_t> NextGeneration(std::span<const CatalogEntry> entries, std::span<const KeyInfo> keys, KeyUse use,
                                     std::string_view name);

}  // namespace rootkeep
