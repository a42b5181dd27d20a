// How often a module is reinitialised because a key was looked for in vain (Quirks::answers_from_memory).
#pragma once

#include <chrono>
#include <optional>

#include "keystore/base/mutex.h"

namespace rootkeep::pkcs11 {

// At once the first time. Then, however many keys are looked for and however often, every 10 s while nobody else needs
// the token, and every minute while it signs for others: they wait meanwhile, but a key of another program's must show
// some day on a token that is never idle too. Thread-safe.
class RenewalLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // True when the caller is to do it now; the next one waits from then on, whatever comes of it.
  bool Take(bool serves_others, Time now = std::chrono::steady_clock::now()) {
    const MutexLock lock(mutex_);
    if (last_ && now < *last_ + (serves_others ? kWhileServing : kPause)) return false;
    last_ = now;
    return true;
  }

 private:
  static constexpr std::chrono::seconds kPause{10};
  static constexpr std::chrono::seconds kWhileServing{60};

  Mutex mutex_;
  std::optional<Time> last_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep::pkcs11
