// On which thread a signature is made.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "keystore/base/clock.h"
#include "providers/spire/plugin/threads.h"

namespace rootkeep::spire {

// The connection's thread carries all calls, and a hand-over costs as much as a signature: so a quick token signs on
// the thread that brought the call, and a slow one, or one that has not answered soon, on threads of ours. Thread-safe.
// Waits at its end for the work under way.
class SigningThreads {
 public:
  enum class Outcome : std::uint8_t {
    kSigned,
    kFailed,   // for good
    kNotDone,  // and may be tried again; only where `again` is true
  };
  // What is to be done by then.
  using Work = std::function<Outcome(Deadline deadline, bool again)>;

  // Of a signature on the connection's thread: from when on it is given to ours.
  static constexpr std::chrono::milliseconds kSoon{20};
  // A token that takes longer is slow, until it is this quick again.
  static constexpr std::chrono::milliseconds kSlow{5};
  static constexpr std::chrono::milliseconds kQuick{2};

  SigningThreads(unsigned threads, std::size_t max_waiting) : threads_(threads, max_waiting) {}

  // False when it is not done and will not be: too much waits.
  bool Run(Work work, Deadline deadline);

 private:
  Outcome Try(const Work& work, Deadline deadline, bool again);
  // How quick the token is; a failure says nothing of that.
  void Learn(Outcome outcome, std::chrono::steady_clock::duration took);

  std::atomic<bool> slow_{false};
  Threads threads_;
};

}  // namespace rootkeep::spire
