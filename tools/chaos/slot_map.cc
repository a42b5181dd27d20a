#include "tools/chaos/slot_map.h"

namespace rootkeep::chaos {

bool SlotMap::Name(CK_SLOT_ID shown, CK_SLOT_ID real) {
  for (const Entry& entry : entries_) {
    if (entry.shown == shown || entry.real == real) return false;
  }
  entries_.push_back({shown, real});
  return true;
}

std::optional<CK_SLOT_ID> SlotMap::Shown(CK_SLOT_ID real) const {
  for (const Entry& entry : entries_) {
    if (entry.real == real) return entry.shown;
  }
  const CK_SLOT_ID shown = real + offset_;
  for (const Entry& entry : entries_) {
    if (entry.shown == shown) return std::nullopt;
  }
  return shown;
}

std::optional<CK_SLOT_ID> SlotMap::Real(CK_SLOT_ID shown) const {
  for (const Entry& entry : entries_) {
    if (entry.shown == shown) return entry.real;
  }
  if (shown < offset_) return std::nullopt;
  const CK_SLOT_ID real = shown - offset_;
  for (const Entry& entry : entries_) {
    if (entry.real == real) return std::nullopt;
  }
  return real;
}

}  // namespace rootkeep::chaos
