// Durations as people write them in configuration files.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "keystore/base/result.h"

namespace rootkeep::config {

// Whole numbers with a unit each, d, h, m or s (a day is 24 hours), from the largest down, no unit twice: "90d",
// "1h30m", "10s". INVALID_ARGUMENT for anything else, and beyond 100 years.
Result<std::chrono::seconds> ParseDuration(std::string_view text);

// The shortest text that ParseDuration reads back: "90d", "1h30m", "0s".
std::string FormatDuration(std::chrono::seconds duration);

}  // namespace rootkeep::config
