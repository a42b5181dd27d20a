// A wait that can be called off.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "keystore/base/clock.h"

namespace rootkeep {

// Returns at `until`, or when `stop` is requested.
inline void PauseUntil(Deadline until, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_until(lock, stop, until, [] { return false; });
}

}  // namespace rootkeep
