#include "keystore/catalog/generation.h"

#include <fmt/format.h>

#include <limits>

namespace rootkeep {

Result<std::uint32_t> NextGeneration(std::span<const CatalogEntry> entries, std::span<const KeyInfo> keys, KeyUse use,
                                     std::string_view name) {
  std::uint32_t highest = 0;
  bool pending = false;
  const auto is_it = [&](const LabelParts& parts) { return parts.use == use && parts.name == name; };
  for (const CatalogEntry& entry : entries) {
    if (!is_it(entry.named) || entry.named.generation < highest) continue;
    highest = entry.named.generation;
    pending = entry.state == KeyState::kPending;
  }
  for (const KeyInfo& key : keys) {
    if (!key.named || !is_it(*key.named) || key.named->generation <= highest) continue;
    highest = key.named->generation;
    pending = false;
  }
  if (pending) return highest;
  if (highest == std::numeric_limits<std::uint32_t>::max()) {
    return Error(Code::kResourceExhausted, fmt::format("\"{}\" has used up its generations", name));
  }
  return highest + 1;
}

}  // namespace rootkeep
