// The application's session handles, so that sessions can die while the real module's live on, and never come back.
#pragma once

#include <p11-kit/pkcs11.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "keystore/base/mutex.h"

namespace rootkeep::chaos {

// Handles that the application sees are made here and never used again. Thread-safe; the real module is called without
// the lock.
class Sessions {
 public:
  // A real session in use by one call: it is not closed before this ends.
  class Lease {
   public:
    Lease(Lease&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)),
          shown_(other.shown_),
          real_(other.real_),
          slot_(other.slot_),
          generation_(other.generation_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (owner_ != nullptr) owner_->Leave(shown_);
    }
    [[nodiscard]] CK_SESSION_HANDLE real() const { return real_; }
    [[nodiscard]] CK_SLOT_ID slot() const { return slot_; }

    // Object handles carry how often the slot lost its sessions, so that those from before are known: none then.
    [[nodiscard]] std::optional<CK_OBJECT_HANDLE> RealObject(CK_OBJECT_HANDLE shown) const;
    [[nodiscard]] CK_OBJECT_HANDLE ShownObject(CK_OBJECT_HANDLE real) const;

   private:
    friend class Sessions;
    Lease(Sessions* owner, CK_SESSION_HANDLE shown, CK_SESSION_HANDLE real, CK_SLOT_ID slot, std::uint64_t generation)
        : owner_(owner), shown_(shown), real_(real), slot_(slot), generation_(generation) {}
    Sessions* owner_;
    CK_SESSION_HANDLE shown_;
    CK_SESSION_HANDLE real_;
    CK_SLOT_ID slot_;
    std::uint64_t generation_;
  };

  // `close` ends a session of the real module.
  explicit Sessions(std::function<void(CK_SESSION_HANDLE)> close) : close_(std::move(close)) {}

  // Makes room for a session that is about to be opened. False when the slot has `limit` already. Waits until dead
  // sessions of the slot are closed, so that a login does not outlive them.
  bool Reserve(CK_SLOT_ID slot, std::optional<CK_ULONG> limit);
  // What Reserve was for: the handle to show, or that there is no session after all.
  CK_SESSION_HANDLE Settle(CK_SLOT_ID slot, CK_SESSION_HANDLE real);
  void Cancel(CK_SLOT_ID slot);

  // None when the session is not one that lives.
  std::optional<Lease> Enter(CK_SESSION_HANDLE shown);
  // The slot of a session that was killed and that the application has not closed since.
  std::optional<CK_SLOT_ID> SlotOfDead(CK_SESSION_HANDLE shown);

  // Sessions of the slot, or all of them, are dead from now on, and object handles stale. Those in use are closed when
  // the calls in them return. How many died.
  std::size_t Kill(std::optional<CK_SLOT_ID> slot);

  // The application closed it, or all of a slot, or everything.
  void Forget(CK_SESSION_HANDLE shown);
  void ForgetSlot(CK_SLOT_ID slot);
  void Clear();

  [[nodiscard]] CK_ULONG Count(CK_SLOT_ID slot);

 private:
  struct Entry {
    CK_SESSION_HANDLE real = 0;
    CK_SLOT_ID slot = 0;
    unsigned calls = 0;
    bool dead = false;
    bool closed = false;     // in the real module
    bool forgotten = false;  // by the application, while dead and in use
  };
  struct Slot {
    std::uint64_t generation = 0;
    CK_ULONG open = 0;      // with those reserved
    unsigned draining = 0;  // dead, not yet closed
  };

  void Leave(CK_SESSION_HANDLE shown);
  void CloseDead(const std::vector<CK_SESSION_HANDLE>& dead);

  const std::function<void(CK_SESSION_HANDLE)> close_;
  Mutex mutex_;
  CondVar drained_;
  std::map<CK_SESSION_HANDLE, Entry> entries_ RK_GUARDED_BY(mutex_);
  std::map<CK_SLOT_ID, Slot> slots_ RK_GUARDED_BY(mutex_);
  CK_SESSION_HANDLE next_ RK_GUARDED_BY(mutex_) = 1;
};

}  // namespace rootkeep::chaos
