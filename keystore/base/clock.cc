#include "keystore/base/clock.h"

#include <fmt/format.h>

#include <ctime>

namespace rootkeep {

std::string ToRfc3339(WallTime time) {
  const std::time_t seconds = ToUnixSeconds(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string ToRfc3339Micros(WallTime time) {
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count() % 1'000'000;
  std::string text = ToRfc3339(time);
  text.pop_back();  // the Z
  return fmt::format("{}.{:06}Z", text, micros);
}

}  // namespace rootkeep
