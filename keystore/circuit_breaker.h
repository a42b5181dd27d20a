// Keeps callers off a device that was found away or failing, and lets one at a time look whether it works again.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <utility>

#include "keystore/base/mutex.h"
#include "keystore/base/result.h"

namespace rootkeep {

// Closed while the device works: then it costs one load. After a failure it is open: callers get that failure at once,
// with the time until the next look, and one caller in every pause is let through; the pause doubles while they fail.
// Thread-safe.
class CircuitBreaker {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // One caller's permission to use the device. Says how that went before it ends, or that nothing was learnt.
  class Pass {
   public:
    Pass(Pass&& other) noexcept : breaker_(std::exchange(other.breaker_, nullptr)), probe_(other.probe_) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (breaker_ != nullptr && probe_) breaker_->EndProbe();
    }
    // Closes the breaker.
    void Worked() {
      if (probe_) breaker_->Close();
    }
    // Opens the breaker, or leaves it open for a longer pause.
    void Failed(const Error& error, Time now = std::chrono::steady_clock::now()) { breaker_->Open(error, now, probe_); }

   private:
    friend class CircuitBreaker;
    Pass(CircuitBreaker* breaker, bool probe) : breaker_(breaker), probe_(probe) {}
    CircuitBreaker* breaker_;
    bool probe_;
  };

  CircuitBreaker(std::chrono::milliseconds shortest_pause, std::chrono::milliseconds longest_pause)
      : shortest_(shortest_pause), longest_(longest_pause), pause_(shortest_pause) {}

  // The last failure, with retry_after, while the breaker is open and it is not time, or another's turn, to look.
  Result<Pass> Enter(Time now = std::chrono::steady_clock::now());

  // The last failure with retry_after; nothing while the breaker is closed.
  [[nodiscard]] std::optional<Error> failure(Time now = std::chrono::steady_clock::now()) const;

 private:
  void Open(const Error& error, Time now, bool probe);
  void Close();
  void EndProbe();
  [[nodiscard]] Error Refusal(Time now) const RK_REQUIRES(mutex_);

  const std::chrono::milliseconds shortest_;
  const std::chrono::milliseconds longest_;
  std::atomic<bool> open_{false};  // changes under mutex_
  mutable Mutex mutex_;
  std::optional<Error> failure_ RK_GUARDED_BY(mutex_);  // while open
  bool probing_ RK_GUARDED_BY(mutex_) = false;
  Time next_ RK_GUARDED_BY(mutex_);                        // while open: when to look again
  std::chrono::milliseconds pause_ RK_GUARDED_BY(mutex_);  // after the next failure
};

}  // namespace rootkeep
