#include "keystore/catalog/entry.h"

namespace rootkeep {

std::string_view KeyStateName(KeyState state) {
  switch (state) {
    case KeyState::kPending: return "PENDING";
    case KeyState::kActive: return "ACTIVE";
    case KeyState::kRetired: return "RETIRED";
    case KeyState::kMissing: return "MISSING";
    case KeyState::kDestroyed: return "DESTROYED";
  }
  return "unknown";
}

bool InToken(const CatalogEntry& entry, const TokenName& token) {
  if (!entry.token.serial.empty() && !token.serial.empty()) return entry.token.serial == token.serial;
  return entry.token.label == token.label;
}

}  // namespace rootkeep
