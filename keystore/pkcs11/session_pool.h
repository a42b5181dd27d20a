// Sessions kept open for the next call: the most recently used first, at most so many, never one that saw an error.
#pragma once

#include <p11-kit/pkcs11.h>

#include <utility>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "keystore/pkcs11/module.h"

namespace rootkeep::pkcs11 {

class SessionPool;

// One read-only session, this caller's alone. Closed when it goes out of scope, unless Recycle() was called because
// every call on it succeeded; to be closed it waits for those who log in no longer than until the lease's deadline.
// Needs the Use it was leased under.
class Session {
 public:
  Session(Session&& other) noexcept
      : pool_(other.pool_),
        use_(other.use_),
        handle_(std::exchange(other.handle_, CK_INVALID_HANDLE)),
        deadline_(other.deadline_) {}
  Session& operator=(Session&&) = delete;
  ~Session();

  [[nodiscard]] CK_SESSION_HANDLE handle() const { return handle_; }
  // Gives the session back for the next call.
  void Recycle();

 private:
  friend class SessionPool;
  Session(SessionPool* pool, const Module::Use* use, CK_SESSION_HANDLE handle, Deadline deadline)
      : pool_(pool), use_(use), handle_(handle), deadline_(deadline) {}

  SessionPool* pool_;
  const Module::Use* use_;
  CK_SESSION_HANDLE handle_;
  Deadline deadline_;
};

// Thread-safe.
class SessionPool {
 public:
  // At most `cap` sessions of `slot` are open at once.
  SessionPool(CK_SLOT_ID slot, unsigned cap) : slot_(slot), most_(cap), cap_(cap) {}

  // Opens `count` sessions, so that the first calls find them.
  Status Warm(const Module::Use& use, unsigned count, Deadline deadline);

  // Waits while all are taken. UNAVAILABLE "deadline"; RESOURCE_EXHAUSTED "sessions" when the token gives no more,
  // which also lowers the cap; otherwise C_OpenSession's error.
  Result<Session> Lease(const Module::Use& use, Deadline deadline);

  // For a pool all of whose sessions are open, after a refusal: tries whether the token has two more now, one to be
  // left for whoever needs one, and closes them again. True when it has, and the cap is one higher. Not within a second
  // of a refusal.
  bool Regrow(const Module::Use& use, Deadline deadline);

  // For who was refused a session of his own: closes an idle one, and lowers the cap to what is open then, but not
  // below one. False when none is idle.
  bool GiveUpOne(const Module::Use& use, Deadline deadline);

  // The most that are open at once, as far as is known.
  [[nodiscard]] unsigned cap() const;

  // The idle ones, which are the caller's to close.
  std::vector<CK_SESSION_HANDLE> TakeIdle();

 private:
  friend class Session;

  Result<CK_SESSION_HANDLE> OpenOne(const Module::Use& use, Deadline deadline);
  void GiveBack(CK_SESSION_HANDLE handle);
  void Forget();

  const CK_SLOT_ID slot_;
  const unsigned most_;
  mutable Mutex mutex_;
  CondVar freed_;
  std::vector<CK_SESSION_HANDLE> idle_ RK_GUARDED_BY(mutex_);
  unsigned open_ RK_GUARDED_BY(mutex_) = 0;
  unsigned cap_ RK_GUARDED_BY(mutex_);
  bool trying_ RK_GUARDED_BY(mutex_) = false;                               // Regrow has what the token gives
  std::chrono::steady_clock::time_point refused_at_ RK_GUARDED_BY(mutex_);  // when the token gave no more
};

}  // namespace rootkeep::pkcs11
