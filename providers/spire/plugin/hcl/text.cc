#include "providers/spire/plugin/hcl/text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

namespace rootkeep::spire::hcl {
namespace {

// RFC 3629; false for a surrogate and beyond the last code point.
bool AppendUtf8(std::string& out, std::uint32_t point) {
  if (point == 0 || (point >= 0xd800 && point < 0xe000) || point > 0x10ffff) return false;
  const auto put = [&out](std::uint32_t octet) { out.push_back(static_cast<char>(octet)); };
  if (point < 0x80) {
    put(point);
    return true;
  }
  const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  constexpr std::uint32_t kFirst[] = {0, 0xc0, 0xe0, 0xf0};
  put(kFirst[more] | (point >> (6 * more)));
  for (int i = more - 1; i >= 0; --i) put(0x80 | ((point >> (6 * i)) & 0x3f));
  return true;
}

Status TakePoint(Cursor& cursor, Position start, int digits, std::string& out) {
  std::string text;
  while (static_cast<int>(text.size()) < digits && !cursor.AtEnd()) text.push_back(cursor.Take());
  std::uint32_t point = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), point, 16);
  const bool whole =
      error == std::errc() && end == text.data() + text.size() && static_cast<int>(text.size()) == digits;
  if (!whole || !AppendUtf8(out, point)) return ErrorAt(start, "this escape names no character");
  return Ok();
}

Status TakeEscape(Cursor& cursor, std::string& out) {
  const Position start = cursor.position();
  cursor.Take();
  if (cursor.AtEnd()) return ErrorAt(start, "the string does not end");
  switch (cursor.Take()) {
    case '"': out.push_back('"'); return Ok();
    case '\\': out.push_back('\\'); return Ok();
    case '/': out.push_back('/'); return Ok();
    case 'n': out.push_back('\n'); return Ok();
    case 't': out.push_back('\t'); return Ok();
    case 'r': out.push_back('\r'); return Ok();
    case 'u': return TakePoint(cursor, start, 4, out);
    case 'U': return TakePoint(cursor, start, 8, out);
    default: return ErrorAt(start, R"(unknown escape; known are \" \\ \/ \n \t \r \u \U)");
  }
}

Status CheckSize(const std::string& text, Position start) {
  if (text.size() <= kMaxText) return Ok();
  return ErrorAt(start, fmt::format("a string of more than {} octets", kMaxText));
}

bool IsTagCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::size_t IndentOf(std::string_view line) { return std::min(line.find_first_not_of(" \t"), line.size()); }

Result<std::string> TakeTag(Cursor& cursor, Position start) {
  const std::string tag(cursor.TakeLine());
  if (tag.empty() || !std::ranges::all_of(tag, IsTagCharacter)) {
    return ErrorAt(start, "a here-document begins with a word and a new line");
  }
  return tag;
}

}  // namespace

Result<std::string> TakeQuoted(Cursor& cursor) {
  const Position start = cursor.position();
  cursor.Take();
  std::string out;
  while (!cursor.AtEnd() && cursor.Peek() != '"') {
    RK_RETURN_IF_ERROR(CheckSize(out, start));
    if (cursor.StartsWith("${")) return ErrorAt(cursor.position(), "interpolation is not supported");
    if (cursor.Peek() == '\\') {
      RK_RETURN_IF_ERROR(TakeEscape(cursor, out));
      continue;
    }
    if (cursor.Peek() == '\n') return ErrorAt(start, "the string does not end on its line");
    if (static_cast<unsigned char>(cursor.Peek()) < 0x20) {
      return ErrorAt(cursor.position(), "a control character in a string");
    }
    out.push_back(cursor.Take());
  }
  if (cursor.AtEnd()) return ErrorAt(start, "the string does not end");
  cursor.Take();
  return out;
}

Result<std::string> TakeHereDocument(Cursor& cursor) {
  const Position start = cursor.position();
  cursor.Skip(2);
  const bool indented = cursor.Peek() == '-';
  if (indented) cursor.Take();
  RK_TRY(const std::string tag, TakeTag(cursor, start));
  std::vector<std::string> lines;
  std::size_t size = 0;
  while (!cursor.AtEnd()) {
    const std::string_view line = cursor.TakeLine();
    const std::size_t indent = IndentOf(line);
    if (line.substr(indent) == tag) {
      std::string out;
      for (const std::string& each : lines) {
        out += each.substr(indented ? std::min(indent, IndentOf(each)) : 0) + "\n";
      }
      return out;
    }
    size += line.size() + 1;
    if (size > kMaxText) return ErrorAt(start, fmt::format("a string of more than {} octets", kMaxText));
    lines.emplace_back(line);
  }
  return ErrorAt(start, fmt::format("the here-document does not end with {}", tag));
}

}  // namespace rootkeep::spire::hcl
