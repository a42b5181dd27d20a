// How a caller waits for a reply that is likely to come at once.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace rootkeep::keysocket {

// Where a signature takes tens of microseconds, a sleeping caller's processor falls asleep too, and waking it takes as
// long as the signature. So a caller looks awake first, for about as long as sleeping and waking would cost, and leaves
// the processor to whoever else wants it, which may be the agent. Who looked in vain has an agent that was asleep, a
// token that takes longer, or processors that are busy: nobody looks for a while then, and for twice as long after the
// next time in vain. Thread-safe; without a lock.
class AwakeWait {
 public:
  static constexpr std::chrono::microseconds kLongest{100};
  static constexpr std::uint32_t kShortestRest = 1;  // calls, after the first that looked in vain
  static constexpr std::uint32_t kLongestRest = 64;

  // True when something can be read from the socket `fd`, its end or an error too. False: whoever needs it has to wait.
  bool Look(int fd) noexcept;

 private:
  std::atomic<std::uint32_t> rest_{0};
  std::atomic<std::uint32_t> next_rest_{kShortestRest};
};

}  // namespace rootkeep::keysocket
