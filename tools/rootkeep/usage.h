// Mistakes on the command line.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/error.h"

namespace rootkeep::cli {

// One that only shows once all of the line is known: exit code 2.
Error UsageError(std::string message);
inline constexpr std::string_view kReasonUsage = "usage";

}  // namespace rootkeep::cli
