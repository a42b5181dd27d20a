#include "tools/chaos/forward.h"

namespace rootkeep::chaos {

bool Translation::Session(CK_SESSION_HANDLE& session) {
  auto lease = passage_.Enter(session, rv_);
  if (!lease) return false;
  session = lease->real();
  lease_.emplace(std::move(*lease));
  return true;
}

bool Translation::Slot(CK_SLOT_ID& slot) {
  const auto real = passage_.RealSlot(slot, /*present=*/passage_.function() != Function::C_GetSlotInfo, rv_);
  if (!real) return false;
  slot = *real;
  return true;
}

bool Translation::Object(CK_OBJECT_HANDLE& object, CK_RV stale) {
  const auto real = passage_.RealObject(*lease_, object, stale, rv_);
  if (!real) return false;
  object = *real;
  return true;
}

}  // namespace rootkeep::chaos
