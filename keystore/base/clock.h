// Time as a dependency: certificates and tokens are judged by a Clock that tests can move.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace rootkeep {

using WallTime = std::chrono::system_clock::time_point;
// When a call must have ended. Steady, so that a stepped clock ends no call early.
using Deadline = std::chrono::steady_clock::time_point;

inline Deadline After(std::chrono::steady_clock::duration duration) {
  return std::chrono::steady_clock::now() + duration;
}

// Thread-safe.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime Now() const override { return std::chrono::system_clock::now(); }
};

// Seconds since the Unix epoch, rounded down.
inline std::int64_t ToUnixSeconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

inline WallTime FromUnixSeconds(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

// RFC 3339 in UTC with whole seconds, for example 2026-11-24T10:00:00Z.
std::string ToRfc3339(WallTime time);

}  // namespace rootkeep
