// A place in a text, with its line and column.
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "keystore/base/result.h"
#include "providers/spire/plugin/hcl/value.h"

namespace rootkeep::spire::hcl {

class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool AtEnd() const { return rest_.empty(); }
  // NUL at the end.
  [[nodiscard]] char Peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  [[nodiscard]] bool StartsWith(std::string_view text) const { return rest_.starts_with(text); }
  [[nodiscard]] Position position() const { return position_; }

  // Not at the end.
  char Take() {
    const char taken = rest_.front();
    rest_.remove_prefix(1);
    if (taken == '\n') {
      ++position_.line;
      position_.column = 1;
    } else {
      ++position_.column;
    }
    return taken;
  }
  void Skip(std::size_t octets) {
    while (octets-- > 0) Take();
  }
  // Up to the line's end, which is taken but not returned.
  std::string_view TakeLine() {
    const std::string_view line = rest_.substr(0, rest_.find('\n'));
    Skip(line.size());
    if (!AtEnd()) Take();
    return line;
  }

 private:
  std::string_view rest_;
  Position position_;
};

inline Error ErrorAt(Position position, std::string_view text) {
  return InvalidArgument(fmt::format("line {}, column {}: {}", position.line, position.column, text));
}

}  // namespace rootkeep::spire::hcl
