// What a command prints: facts on standard output as lines, a table or JSON; failures on standard error.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/result.h"

namespace rootkeep::cli {

// Writes the line at once, so that steps show as they happen.
void PrintLine(std::string_view line);

// Indented, one value, on standard output. Octets that are not UTF-8 are replaced.
void PrintJson(const nlohmann::ordered_json& value);

// Columns as wide as their widest cell, two blanks between; nothing after the last.
void PrintTable(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);
std::string FormatTable(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);

// UNAVAILABLE when anything printed so far did not reach standard output.
Status FinishOutput();

// "rootkeep: <message>" and, when there is one, "hint: <hint>".
void PrintError(const Error& error);

}  // namespace rootkeep::cli
