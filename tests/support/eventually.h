// Waits for what another thread or process is about to do.
#pragma once

#include <chrono>
#include <thread>

namespace rootkeep::testing {

// True as soon as `condition()` holds; false when it did not within `limit`. The limit is generous on purpose: it is
// only ever reached by a failing test.
template <typename Condition>
bool Eventually(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(30)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace rootkeep::testing
