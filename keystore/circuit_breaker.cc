#include "keystore/circuit_breaker.h"

#include <algorithm>

namespace rootkeep {

Result<CircuitBreaker::Pass> CircuitBreaker::Enter(Time now) {
  if (!open_.load(std::memory_order_acquire)) return Pass(this, false);
  const MutexLock lock(mutex_);
  if (!failure_) return Pass(this, false);
  if (probing_ || now < next_) return Refusal(now);
  probing_ = true;
  return Pass(this, true);
}

std::optional<Error> CircuitBreaker::failure(Time now) const {
  if (!open_.load(std::memory_order_acquire)) return std::nullopt;
  const MutexLock lock(mutex_);
  if (!failure_) return std::nullopt;
  return Refusal(now);
}

Error CircuitBreaker::Refusal(Time now) const {
  // Whoever is looking now is not long about it, and if it is in vain the next look comes a pause later.
  return Error(*failure_).WithRetryAfter(now < next_ ? std::chrono::nanoseconds(next_ - now) : pause_);
}

// A failure of somebody who came in before the breaker opened says nothing new, and does not make the pause longer.
void CircuitBreaker::Open(const Error& error, Time now, bool probe) {
  const MutexLock lock(mutex_);
  if (failure_ && !probe) return;
  failure_ = error;
  next_ = now + pause_;
  pause_ = std::min(pause_ * 2, longest_);
  open_.store(true, std::memory_order_release);
}

void CircuitBreaker::Close() {
  const MutexLock lock(mutex_);
  failure_.reset();
  pause_ = shortest_;
  open_.store(false, std::memory_order_release);
}

void CircuitBreaker::EndProbe() {
  const MutexLock lock(mutex_);
  probing_ = false;
}

}  // namespace rootkeep
