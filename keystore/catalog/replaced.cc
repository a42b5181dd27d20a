#include "keystore/catalog/replaced.h"

#include <algorithm>
#include <set>

namespace rootkeep {
namespace {

bool IsMadeBy(const CatalogEntry& entry, std::string_view maker) {
  return !maker.empty() && entry.maker == maker && entry.named.use == KeyUse::kForeignCa;
}

std::vector<const CatalogEntry*> OldestFirst(std::span<const CatalogEntry> entries, const KeySuccession& whose) {
  std::vector<const CatalogEntry*> keys;
  for (const CatalogEntry& entry : entries) {
    if (IsMadeBy(entry, whose.maker) && entry.named.name == whose.name) keys.push_back(&entry);
  }
  std::ranges::sort(keys, {}, [](const CatalogEntry* key) { return key->named.generation; });
  return keys;
}

std::uint32_t NewestActive(const std::vector<const CatalogEntry*>& keys) {
  const auto newest = std::ranges::find(keys.rbegin(), keys.rend(), KeyState::kActive, &CatalogEntry::state);
  return newest == keys.rend() ? 0 : (*newest)->named.generation;
}

// The newest that was ever ACTIVE, whatever has become of it since: all older ones are replaced. Not one that is
// DESTROYED, which may never have been finished.
std::uint32_t NewestFinished(const std::vector<const CatalogEntry*>& keys) {
  const auto newest = std::find_if(keys.rbegin(), keys.rend(), [](const CatalogEntry* key) {
    return key->state != KeyState::kPending && key->state != KeyState::kDestroyed;
  });
  return newest == keys.rend() ? 0 : (*newest)->named.generation;
}

// The one that others rely on.
std::uint32_t LastUsed(const std::vector<const CatalogEntry*>& keys) {
  const auto used =
      std::find_if(keys.rbegin(), keys.rend(), [](const CatalogEntry* key) { return key->used_at.has_value(); });
  return used == keys.rend() ? 0 : (*used)->named.generation;
}

// What a clock says that was not set yet, as of a machine without a battery, is no date.
constexpr std::int64_t kNoDateBefore = 1'767'225'600;  // 2026-01-01

bool IsGraceOver(const CatalogEntry& key, const ReplacedKeysPolicy& policy, WallTime now) {
  return *key.retired_at >= FromUnixSeconds(kNoDateBefore) && now - *key.retired_at >= policy.grace;
}

}  // namespace

ReplacedKeys JudgeReplaced(std::span<const CatalogEntry> entries, const KeySuccession& whose, const TokenName& token,
                           const ReplacedKeysPolicy& policy, WallTime now) {
  const std::vector<const CatalogEntry*> keys = OldestFirst(entries, whose);
  const std::uint32_t newest_active = NewestActive(keys);
  const std::uint32_t newest = NewestFinished(keys);
  const std::uint32_t last_used = LastUsed(keys);
  ReplacedKeys out;
  for (const CatalogEntry* key : keys) {
    if (key->state == KeyState::kDestroyed) {
      if (key->named.generation < newest_active) out.forget.push_back(key->label);
      continue;
    }
    const bool here = InToken(*key, token);
    if (here && key->state != KeyState::kMissing) ++out.kept;
    if (key->named.generation >= newest || key->state == KeyState::kPending) continue;
    if (!key->retired_at) {
      if (key->named.generation < newest_active) out.retire.push_back(key->label);
    } else if (!here) {
      continue;  // its own token's turn
    } else if (key->state == KeyState::kMissing) {
      // While all are away, as where another token has its name, nothing is known of any.
      const bool due = key->destroy_ordered_at || IsGraceOver(*key, policy, now);
      if (due && key->named.generation < newest_active) out.missing.push_back(key->label);
    } else if (key->destroy_ordered_at || IsGraceOver(*key, policy, now)) {
      out.destroy.push_back(key->label);
    } else if (key->named.generation != last_used) {
      out.spare.push_back(key->label);
    }
  }
  out.forget.resize(out.forget.size() - std::min(out.forget.size(), kRememberedKeys));
  return out;
}

std::vector<std::string> NamesOfMaker(std::span<const CatalogEntry> entries, std::string_view maker) {
  std::set<std::string> names;
  for (const CatalogEntry& entry : entries) {
    if (IsMadeBy(entry, maker)) names.insert(entry.named.name);
  }
  return {names.begin(), names.end()};
}

}  // namespace rootkeep
