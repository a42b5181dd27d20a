// Sessions of a module that could not be closed when they should have been: the next that opens one closes them.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "keystore/base/mutex.h"

namespace rootkeep::pkcs11 {

// Thread-safe.
class LeftOpen {
 public:
  // `session` is a CK_SESSION_HANDLE of the module's `epoch` (Module::epoch), and nobody else's any more.
  void Add(std::uint64_t epoch, std::uint64_t session) {
    const MutexLock lock(mutex_);
    sessions_.emplace_back(epoch, session);
  }

  // Those of `epoch`, for the caller to close. The others ended with C_Finalize and are forgotten.
  std::vector<std::uint64_t> Take(std::uint64_t epoch) {
    std::vector<std::uint64_t> taken;
    const MutexLock lock(mutex_);
    for (const auto& [since, session] : sessions_) {
      if (since == epoch) taken.push_back(session);
    }
    sessions_.clear();
    return taken;
  }

 private:
  Mutex mutex_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> sessions_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep::pkcs11
