#include "keystore/pkcs11/gate.h"

namespace rootkeep::pkcs11 {

bool Gate::Enter(Deadline deadline) {
  if ((state_.fetch_add(1, std::memory_order_acq_rel) & kClosed) == 0) return true;
  Leave();
  return EnterWhenOpen(deadline);
}

bool Gate::EnterWhenOpen(Deadline deadline) {
  const MutexLock lock(mutex_);
  while ((state_.load(std::memory_order_acquire) & kClosed) != 0) {
    if (!changed_.WaitUntil(mutex_, deadline)) return false;
  }
  state_.fetch_add(1, std::memory_order_acq_rel);
  return true;
}

void Gate::Leave() {
  if (state_.fetch_sub(1, std::memory_order_acq_rel) != (kClosed | 1)) return;
  const MutexLock lock(mutex_);
  changed_.NotifyAll();
}

bool Gate::Close(Deadline deadline) {
  const MutexLock lock(mutex_);
  state_.fetch_or(kClosed, std::memory_order_acq_rel);
  while (state_.load(std::memory_order_acquire) != kClosed) {
    if (!changed_.WaitUntil(mutex_, deadline)) {
      state_.fetch_and(~kClosed, std::memory_order_acq_rel);
      changed_.NotifyAll();
      return false;
    }
  }
  return true;
}

void Gate::Open() {
  const MutexLock lock(mutex_);
  state_.fetch_and(~kClosed, std::memory_order_acq_rel);
  changed_.NotifyAll();
}

}  // namespace rootkeep::pkcs11
