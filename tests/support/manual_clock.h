// A Clock that stands still until a test moves it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "keystore/base/clock.h"

namespace rootkeep::testing {

// Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t unix_seconds) : seconds_(unix_seconds) {}
  [[nodiscard]] WallTime Now() const override { return FromUnixSeconds(seconds_.load()); }
  void Advance(std::chrono::seconds by) { seconds_ += by.count(); }

 private:
  std::atomic<std::int64_t> seconds_;
};

}  // namespace rootkeep::testing
