// A lock whose waiters give up at their deadline: for work on a device that may hang.
#pragma once

#include <utility>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"

namespace rootkeep {

// Thread-safe.
class Turn {
 public:
  // Owns the turn while it lives. False when the deadline passed before it came.
  class Holder {
   public:
    Holder(Turn& turn, Deadline deadline) : turn_(turn.Take(deadline) ? &turn : nullptr) {}
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    ~Holder() {
      if (turn_ != nullptr) turn_->Release();
    }
    explicit operator bool() const { return turn_ != nullptr; }

   private:
    Turn* turn_;
  };

 private:
  bool Take(Deadline deadline) {
    const MutexLock lock(mutex_);
    while (taken_) {
      if (!released_.WaitUntil(mutex_, deadline)) return false;
    }
    taken_ = true;
    return true;
  }

  void Release() {
    const MutexLock lock(mutex_);
    taken_ = false;
    released_.NotifyOne();
  }

  Mutex mutex_;
  CondVar released_;
  bool taken_ RK_GUARDED_BY(mutex_) = false;
};

}  // namespace rootkeep
