// Time as a dependency: certificates and tokens are judged by a Clock that tests can move.
#pragma once

#include <algorithm>
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

// The nearest WallTime there is: its nanoseconds end in the year 2262, while a certificate may say 9999 (RFC 5280
// §4.1.2.5), which must not wrap round into the past.
inline WallTime FromUnixSeconds(std::int64_t seconds) {
  constexpr auto kFirst = std::chrono::ceil<std::chrono::seconds>(WallTime::min()).time_since_epoch().count();
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(WallTime::max()).time_since_epoch().count();
  return WallTime(std::chrono::seconds(std::clamp<std::int64_t>(seconds, kFirst, kLast)));
}

// RFC 3339 in UTC with whole seconds, for example 2026-11-24T10:00:00Z.
std::string ToRfc3339(WallTime time);
// The same with microseconds, for a time after 1970.
std::string ToRfc3339Micros(WallTime time);

}  // namespace rootkeep
