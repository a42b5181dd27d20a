// Keys that their owner replaced: which of them are kept, and which their maker destroys.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/catalog/entry.h"

namespace rootkeep {

struct ReplacedKeysPolicy {
  std::chrono::seconds grace = std::chrono::hours(48);  // from when a key was RETIRED
  // Keys of one name in one token that are neither DESTROYED nor MISSING, at most, the newest among them; at least
  // kFewest.
  std::size_t keep = 8;

  // The newest, the last that was used, and the one that is being made.
  static constexpr std::size_t kFewest = 3;
};

// Whose keys are judged.
struct KeySuccession {
  std::string_view maker;
  std::string_view name;
};

// Labels, the oldest of a name first.
struct ReplacedKeys {
  std::vector<std::string> retire;  // ACTIVE ones, to be RETIRED now
  // In the token: RETIRED ones whose time is over, or whose destruction was begun; and those that are not in use, so
  // that they may go within their grace where the bound demands it.
  std::vector<std::string> destroy;
  std::vector<std::string> spare;
  std::vector<std::string> missing;  // MISSING ones whose time is over: nothing is left of them but their rows
  std::size_t kept = 0;              // in the token, and neither DESTROYED nor MISSING
  std::vector<std::string> forget;   // DESTROYED ones, so long ago that their rows may go
};

// DESTROYED keys of a name whose rows are kept.
inline constexpr std::size_t kRememberedKeys = 100;

// Pure. Of the foreign-ca keys of that name that `maker` made. A key is replaced when a newer one of its name is
// ACTIVE: its owner has one key under a name, the newest, and signs with no other. It stays replaced when the newer one
// is RETIRED or MISSING later: a name whose newest key is lost still gets room for the next. A replaced key may still
// be in use, as long as its owner may not know of the newer ones or may return to it: until its grace is over, if
// others rely on what it signed (used_at) and on nothing that a newer one signed. All other replaced keys are not in
// use: those that never signed anything for others, and those that a newer one has followed in that.
ReplacedKeys JudgeReplaced(std::span<const CatalogEntry> entries, const KeySuccession& whose, const TokenName& token,
                           const ReplacedKeysPolicy& policy, WallTime now);

// The names under which `maker` has foreign-ca keys.
std::vector<std::string> NamesOfMaker(std::span<const CatalogEntry> entries, std::string_view maker);

}  // namespace rootkeep
