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

}  // namespace rootkeep
