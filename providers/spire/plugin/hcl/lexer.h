// HCL text as tokens.
#pragma once

#include <cstdint>
#include <string>

#include "providers/spire/plugin/hcl/cursor.h"

namespace rootkeep::spire::hcl {

struct Token {
  enum class Kind : std::uint8_t { kEnd, kWord, kText, kNumber, kMark };
  Kind kind = Kind::kEnd;
  Position position;
  std::string text;         // of a word or a string
  std::int64_t number = 0;  // of a number
  char mark = '\0';         // one of {}[],=:

  [[nodiscard]] bool Is(char c) const { return kind == Kind::kMark && mark == c; }
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : cursor_(text) {}

  // Skips white space and comments (# and // to the line's end, /* */). kEnd at the end, however often.
  // INVALID_ARGUMENT for what begins no token, and for a number that is not whole or not within 64 bits.
  Result<Token> Next();

 private:
  Status SkipBlank();
  Result<Token> TakeNumber();

  Cursor cursor_;
};

}  // namespace rootkeep::spire::hcl
