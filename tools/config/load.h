// Reads rootkeepd's configuration: YAML to message to validated structs, or everything that is wrong with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "tools/config/config.h"
#include "tools/config/problems.h"

namespace rootkeep::config {

inline constexpr std::uint32_t kConfigVersion = 1;

// Both stages on text; nothing, and at least one problem, when it is not a valid configuration. Touches no file.
std::optional<Config> ParseConfig(std::string_view text, Problems& problems);

// Reads the file, which nobody but root or this process's user may be able to write, and parses it.
// INVALID_ARGUMENT with reason "config" and all problems as DescribeProblems says them, or why it cannot be read.
Result<Config> LoadConfig(const std::string& path);

// What a valid configuration allows that an operator should be reminded of at every start, one sentence each.
std::vector<std::string> Warnings(const Config& config);

// Whether an entry of api_callers may have certificates for a CA of its own.
bool HasForeignCa(const Config& config);
// What an operator is told where none may any more, and a certificate for one lives until `last_end`.
std::string ForeignCasLeft(WallTime last_end);

}  // namespace rootkeep::config
