// Text as a JSON string, for log lines.
#pragma once

#include <string>
#include <string_view>

namespace rootkeep {

// Appends `text` in quotes. Every octet outside printable ASCII is escaped as \u00XX: a line stays one line of valid
// JSON whatever a peer sent.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace rootkeep
