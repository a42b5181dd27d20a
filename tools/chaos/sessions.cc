#include "tools/chaos/sessions.h"

namespace rootkeep::chaos {
namespace {

// Real handles are below this; above it is the generation.
constexpr unsigned kGenerationShift = 48;
static_assert(sizeof(CK_OBJECT_HANDLE) == 8);

CK_OBJECT_HANDLE Mark(std::uint64_t generation) { return (generation & 0xffffU) << kGenerationShift; }

}  // namespace

std::optional<CK_OBJECT_HANDLE> Sessions::Lease::RealObject(CK_OBJECT_HANDLE shown) const {
  const CK_OBJECT_HANDLE mark = Mark(generation_);
  // Before the first loss handles are the real module's, whatever they look like.
  if (generation_ == 0 || shown == CK_INVALID_HANDLE) return shown;
  if (shown >> kGenerationShift == mark >> kGenerationShift) return shown & ~mark;
  return std::nullopt;
}

CK_OBJECT_HANDLE Sessions::Lease::ShownObject(CK_OBJECT_HANDLE real) const {
  return real == CK_INVALID_HANDLE ? real : real | Mark(generation_);
}

bool Sessions::Reserve(CK_SLOT_ID slot, std::optional<CK_ULONG> limit) {
  const MutexLock lock(mutex_);
  while (slots_[slot].draining > 0) drained_.Wait(mutex_);
  Slot& state = slots_[slot];
  if (limit && state.open >= *limit) return false;
  ++state.open;
  return true;
}

CK_SESSION_HANDLE Sessions::Settle(CK_SLOT_ID slot, CK_SESSION_HANDLE real) {
  const MutexLock lock(mutex_);
  const CK_SESSION_HANDLE shown = next_++;
  entries_[shown] = {.real = real, .slot = slot};
  return shown;
}

void Sessions::Cancel(CK_SLOT_ID slot) {
  const MutexLock lock(mutex_);
  --slots_[slot].open;
}

std::optional<Sessions::Lease> Sessions::Enter(CK_SESSION_HANDLE shown) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(shown);
  if (found == entries_.end() || found->second.dead) return std::nullopt;
  Entry& entry = found->second;
  ++entry.calls;
  return Lease(this, shown, entry.real, entry.slot, slots_[entry.slot].generation);
}

std::optional<CK_SLOT_ID> Sessions::SlotOfDead(CK_SESSION_HANDLE shown) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(shown);
  if (found == entries_.end() || !found->second.dead) return std::nullopt;
  return found->second.slot;
}

void Sessions::Leave(CK_SESSION_HANDLE shown) {
  {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(shown);
    if (found == entries_.end()) return;
    Entry& entry = found->second;
    --entry.calls;
    if (!entry.dead || entry.calls > 0) return;
  }
  CloseDead({shown});
}

std::size_t Sessions::Kill(std::optional<CK_SLOT_ID> slot) {
  std::vector<CK_SESSION_HANDLE> idle;
  std::size_t killed = 0;
  {
    const MutexLock lock(mutex_);
    for (auto& [id, state] : slots_) {
      if (!slot || *slot == id) ++state.generation;
    }
    for (auto& [shown, entry] : entries_) {
      if (entry.dead || (slot && *slot != entry.slot)) continue;
      entry.dead = true;
      ++killed;
      Slot& state = slots_[entry.slot];
      --state.open;
      ++state.draining;
      if (entry.calls == 0) idle.push_back(shown);
    }
  }
  CloseDead(idle);
  return killed;
}

void Sessions::CloseDead(const std::vector<CK_SESSION_HANDLE>& dead) {
  for (const CK_SESSION_HANDLE shown : dead) {
    Entry entry;
    {
      const MutexLock lock(mutex_);
      const auto found = entries_.find(shown);
      if (found == entries_.end() || std::exchange(found->second.closed, true)) continue;
      entry = found->second;
      if (entry.forgotten) entries_.erase(found);
    }
    close_(entry.real);
    const MutexLock lock(mutex_);
    Slot& state = slots_[entry.slot];
    if (state.draining > 0) --state.draining;  // unless Clear was faster
    drained_.NotifyAll();
  }
}

void Sessions::Forget(CK_SESSION_HANDLE shown) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(shown);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (!entry.dead) {
    --slots_[entry.slot].open;
    entries_.erase(found);
  } else if (entry.closed) {
    entries_.erase(found);
  } else {
    entry.forgotten = true;
  }
}

void Sessions::ForgetSlot(CK_SLOT_ID slot) {
  const MutexLock lock(mutex_);
  slots_[slot].open -=
      std::erase_if(entries_, [slot](const auto& item) { return item.second.slot == slot && !item.second.dead; });
}

void Sessions::Clear() {
  const MutexLock lock(mutex_);
  entries_.clear();
  for (auto& [id, state] : slots_) {
    state.open = 0;
    state.draining = 0;
  }
  drained_.NotifyAll();
}

CK_ULONG Sessions::Count(CK_SLOT_ID slot) {
  const MutexLock lock(mutex_);
  return slots_[slot].open;
}

}  // namespace rootkeep::chaos
