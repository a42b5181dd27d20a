#include "providers/spire/plugin/hcl/parse.h"

#include <fmt/format.h>

#include <algorithm>

#include "providers/spire/plugin/hcl/lexer.h"

namespace rootkeep::spire::hcl {
namespace {

constexpr std::size_t kMaxKey = 64;

// Keys are repeated in errors.
bool IsKey(std::string_view key) {
  return !key.empty() && key.size() <= kMaxKey &&
         std::ranges::all_of(key, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Result<Object> Document() {
    RK_RETURN_IF_ERROR(Advance());
    const bool braces = token_.Is('{');
    if (braces) RK_RETURN_IF_ERROR(Advance());
    RK_TRY(Object members, Members(1));
    if (braces) RK_RETURN_IF_ERROR(Expect('}'));
    if (token_.kind != Token::Kind::kEnd) return Unexpected("the end of the configuration");
    return members;
  }

 private:
  Status Advance() {
    RK_TRY(token_, lexer_.Next());
    return Ok();
  }

  [[nodiscard]] Error Unexpected(std::string_view wanted) const {
    return ErrorAt(token_.position, fmt::format("{} is expected here", wanted));
  }

  Status Expect(char mark) {
    if (!token_.Is(mark)) return Unexpected(fmt::format("'{}'", mark));
    return Advance();
  }

  Status SkipComma() { return token_.Is(',') ? Advance() : Ok(); }

  [[nodiscard]] bool AtKey() const { return token_.kind == Token::Kind::kWord || token_.kind == Token::Kind::kText; }

  // Up to the first token that is no key.
  Result<Object> Members(unsigned depth) {
    Object members;
    while (AtKey()) {
      Member member{.key = token_.text, .position = token_.position};
      if (!IsKey(member.key)) {
        return ErrorAt(member.position, fmt::format("a key is 1 to {} printable characters", kMaxKey));
      }
      if (std::ranges::find(members, member.key, &Member::key) != members.end()) {
        return ErrorAt(member.position, fmt::format("\"{}\" is there twice", member.key));
      }
      RK_RETURN_IF_ERROR(Advance());
      if (token_.Is('=') || token_.Is(':')) {
        RK_RETURN_IF_ERROR(Advance());
      } else if (!token_.Is('{')) {
        return Unexpected("'='");
      }
      RK_TRY(member.value, ReadValue(depth));
      members.push_back(std::move(member));
      RK_RETURN_IF_ERROR(SkipComma());
    }
    return members;
  }

  Result<Value> ReadValue(unsigned depth) {
    if (depth > kMaxDepth) return ErrorAt(token_.position, fmt::format("more than {} levels", kMaxDepth));
    if (++values_ > kMaxValues) return ErrorAt(token_.position, fmt::format("more than {} values", kMaxValues));
    Value value{.position = token_.position};
    if (token_.Is('{')) {
      RK_RETURN_IF_ERROR(Advance());
      RK_TRY(value.content, Members(depth + 1));
      RK_RETURN_IF_ERROR(Expect('}'));
      return value;
    }
    if (token_.Is('[')) {
      RK_RETURN_IF_ERROR(Advance());
      RK_TRY(value.content, Elements(depth + 1));
      RK_RETURN_IF_ERROR(Expect(']'));
      return value;
    }
    RK_TRY(value.content, Scalar());
    RK_RETURN_IF_ERROR(Advance());
    return value;
  }

  Result<List> Elements(unsigned depth) {
    List elements;
    while (!token_.Is(']')) {
      RK_TRY(Value element, ReadValue(depth));
      elements.push_back(std::move(element));
      if (!token_.Is(']')) RK_RETURN_IF_ERROR(Expect(','));
    }
    return elements;
  }

  Result<decltype(Value::content)> Scalar() {
    using Content = decltype(Value::content);
    if (token_.kind == Token::Kind::kText) return Content(std::move(token_.text));
    if (token_.kind == Token::Kind::kNumber) return Content(token_.number);
    if (token_.kind == Token::Kind::kWord && token_.text == "true") return Content(true);
    if (token_.kind == Token::Kind::kWord && token_.text == "false") return Content(false);
    return Unexpected("a value");
  }

  Lexer lexer_;
  Token token_;
  std::size_t values_ = 0;
};

}  // namespace

Result<Object> Parse(std::string_view text) {
  if (text.size() > kMaxDocument) {
    return InvalidArgument(fmt::format("the configuration has more than {} octets", kMaxDocument));
  }
  return Parser(text).Document();
}

}  // namespace rootkeep::spire::hcl
