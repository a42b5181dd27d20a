// Sessions of a module that could not be closed when they should have been: the next caller that opens one, or
// asks whether the token answers, closes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "keystore/base/mutex.h"

namespace rootkeep::pkcs11 {

// Thread-safe.
class LeftOpen {
 public:
  // More would be a token that opens sessions and closes none, which C_Finalize ends.
  static constexpr std::size_t kMost = 1024;

  // `session` is a CK_SESSION_HANDLE of the module's `epoch` (Module::epoch), and nobody else's any more. Beyond kMost
  // the oldest is forgotten.
  void Add(std::uint64_t epoch, std::uint64_t session) {
    const MutexLock lock(mutex_);
    if (sessions_.size() == kMost) sessions_.erase(sessions_.begin());
    sessions_.emplace_back(epoch, session);
  }

  // Those of the epochs from `since` on (Module::sessions_since), for the caller to close. The others ended with
  // C_Finalize and are forgotten.
  std::vector<std::uint64_t> Take(std::uint64_t since) {
    std::vector<std::uint64_t> taken;
    const MutexLock lock(mutex_);
    for (const auto& [epoch, session] : sessions_) {
      if (epoch >= since) taken.push_back(session);
    }
    sessions_.clear();
    return taken;
  }

 private:
  Mutex mutex_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> sessions_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep::pkcs11
