#include "keystore/base/json_text.h"

#include <fmt/format.h>

#include <iterator>

namespace rootkeep {

void AppendJsonString(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (octet < 0x20 || octet >= 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", octet);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace rootkeep
