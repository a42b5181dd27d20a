// On which thread a signature is waited for.
#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include "keystore/base/clock.h"
#include "providers/spire/plugin/threads.h"

namespace rootkeep::spire {

// The connection's thread carries all calls, and a hand-over costs as much as a signature: so it asks a quick token
// itself and waits for several answers at once. A slow token, or one that has not answered soon, is waited for on
// threads of ours, one for each signature. Thread-safe. Waits at its end for the work under way.
class SigningThreads {
 public:
  using Duration = std::chrono::steady_clock::duration;

  // How long the connection's thread waits for a signature.
  static constexpr std::chrono::milliseconds kSoon{20};
  // A token that takes longer is slow, until it is this quick again.
  static constexpr std::chrono::milliseconds kSlow{5};
  static constexpr std::chrono::milliseconds kQuick{2};

  SigningThreads(unsigned threads, std::size_t max_waiting) : threads_(threads, max_waiting) {}

  // Whether the connection's thread is to ask.
  [[nodiscard]] bool quick() const { return !slow_.load(std::memory_order_relaxed); }
  // What a signature took, without the time that it waited for others. One that failed says nothing.
  void Learn(Duration took);
  // One that the connection's thread has not waited for to the end.
  void GaveUp() { slow_.store(true, std::memory_order_relaxed); }

  // Does `sign` on a thread of ours; it says what is to be learnt. False when it will not be done: too much waits.
  bool Post(std::function<std::optional<Duration>()> sign);

 private:
  std::atomic<bool> slow_{false};
  Threads threads_;
};

}  // namespace rootkeep::spire
