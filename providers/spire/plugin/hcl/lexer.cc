#include "providers/spire/plugin/hcl/lexer.h"

#include <charconv>

#include "providers/spire/plugin/hcl/text.h"

namespace rootkeep::spire::hcl {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool StartsWord(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsInWord(char c) { return StartsWord(c) || IsDigit(c) || c == '-' || c == '.'; }
bool IsMark(char c) { return std::string_view("{}[],=:").find(c) != std::string_view::npos; }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

Status Lexer::SkipBlank() {
  while (!cursor_.AtEnd()) {
    if (IsBlank(cursor_.Peek())) {
      cursor_.Take();
    } else if (cursor_.Peek() == '#' || cursor_.StartsWith("//")) {
      cursor_.TakeLine();
    } else if (cursor_.StartsWith("/*")) {
      const Position start = cursor_.position();
      cursor_.Skip(2);
      while (!cursor_.AtEnd() && !cursor_.StartsWith("*/")) cursor_.Take();
      if (cursor_.AtEnd()) return ErrorAt(start, "the comment does not end");
      cursor_.Skip(2);
    } else {
      return Ok();
    }
  }
  return Ok();
}

Result<Token> Lexer::TakeNumber() {
  Token token{.kind = Token::Kind::kNumber, .position = cursor_.position()};
  std::string text;
  if (cursor_.Peek() == '-') text.push_back(cursor_.Take());
  while (IsInWord(cursor_.Peek())) text.push_back(cursor_.Take());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), token.number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return ErrorAt(token.position, "this is not a whole number within 64 bits");
  }
  return token;
}

Result<Token> Lexer::Next() {
  RK_RETURN_IF_ERROR(SkipBlank());
  Token token{.position = cursor_.position()};
  if (cursor_.AtEnd()) return token;
  const char c = cursor_.Peek();
  if (IsDigit(c) || c == '-') return TakeNumber();
  if (IsMark(c)) {
    token.kind = Token::Kind::kMark;
    token.mark = cursor_.Take();
  } else if (c == '"') {
    token.kind = Token::Kind::kText;
    RK_TRY(token.text, TakeQuoted(cursor_));
  } else if (cursor_.StartsWith("<<")) {
    token.kind = Token::Kind::kText;
    RK_TRY(token.text, TakeHereDocument(cursor_));
  } else if (StartsWord(c)) {
    token.kind = Token::Kind::kWord;
    while (IsInWord(cursor_.Peek())) token.text.push_back(cursor_.Take());
  } else {
    return ErrorAt(token.position, "nothing begins with this character");
  }
  return token;
}

}  // namespace rootkeep::spire::hcl
