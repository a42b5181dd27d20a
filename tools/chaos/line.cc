#include "tools/chaos/line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "tools/chaos/return_codes.h"

namespace rootkeep::chaos {
namespace {

constexpr std::string_view kBlanks = " \t\r";

// All of `text`, or nothing.
template <typename T, typename... Format>
std::optional<T> Whole(std::string_view text, Format... format) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format...);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Error Bad(std::string_view what, std::string_view text) {
  return InvalidArgument(fmt::format("{} \"{}\"", what, text));
}

}  // namespace

Line::Line(std::string_view text) {
  text = text.substr(0, text.find('#'));
  for (;;) {
    const auto start = text.find_first_not_of(kBlanks);
    if (start == std::string_view::npos) return;
    text.remove_prefix(start);
    const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
    words_.emplace_back(word);
    text.remove_prefix(word.size());
  }
}

Result<std::string> Line::Next(std::string_view what) {
  if (words_.empty()) return InvalidArgument(fmt::format("{} is missing", what));
  std::string word = std::move(words_.front());
  words_.erase(words_.begin());
  return word;
}

std::optional<std::string> Line::Option(std::string_view name) {
  const auto found = std::find_if(words_.begin(), words_.end(), [name](const std::string& word) {
    return word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=';
  });
  if (found == words_.end()) return std::nullopt;
  std::string value = found->substr(name.size() + 1);
  words_.erase(found);
  return value;
}

Result<std::optional<std::uint64_t>> Line::Number(std::string_view name) {
  const auto value = Option(name);
  if (!value) return std::optional<std::uint64_t>();
  auto number = ReadNumber(*value);
  if (!number.ok()) return std::move(number).error().Within(name);
  return std::optional<std::uint64_t>(*number);
}

bool Line::Flag(std::string_view name) {
  const auto found = std::find(words_.begin(), words_.end(), name);
  if (found == words_.end()) return false;
  words_.erase(found);
  return true;
}

Result<Trigger> Line::TakeTrigger() {
  RK_TRY(const auto nth, Number("nth"));
  RK_TRY(const auto every, Number("every"));
  const auto chance = Option("chance");
  Trigger trigger;
  RK_TRY(trigger.times, Number("times"));
  if (int{nth.has_value()} + int{every.has_value()} + int{chance.has_value()} > 1) {
    return InvalidArgument("more than one of nth, every and chance");
  }
  if (nth == 0U || every == 0U || trigger.times == 0U) return InvalidArgument("nth, every and times start at 1");
  if (nth && trigger.times) return InvalidArgument("times is of no use with nth");
  if (nth) trigger = {.when = Trigger::When::kNth, .n = *nth, .times = {}};
  if (every) trigger = {.when = Trigger::When::kEvery, .n = *every, .times = trigger.times};
  if (chance) {
    const double value = Whole<double>(*chance, std::chars_format::fixed).value_or(-1);
    const bool fraction = value >= 0 && value <= 1;  // nan is not
    if (!fraction) return Bad("chance is a fraction from 0 to 1, not", *chance);
    trigger = {.when = Trigger::When::kChance, .chance = value, .times = trigger.times};
  }
  return trigger;
}

Status Line::Finish() const {
  if (words_.empty()) return Ok();
  return Bad("nothing here understands", words_.front());
}

Result<std::uint64_t> ReadNumber(std::string_view text) {
  const bool hex = text.starts_with("0x");
  const auto value = Whole<std::uint64_t>(hex ? text.substr(2) : text, hex ? 16 : 10);
  if (!value) return Bad("not a number:", text);
  return *value;
}

Result<std::chrono::nanoseconds> ReadTime(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::chrono::nanoseconds length;
  };
  // s last, because the others end in it.
  constexpr auto kUnits = std::to_array<Unit>({{"ns", std::chrono::nanoseconds(1)},
                                               {"us", std::chrono::microseconds(1)},
                                               {"ms", std::chrono::milliseconds(1)},
                                               {"s", std::chrono::seconds(1)}});
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.name)) continue;
    const auto count = Whole<double>(text.substr(0, text.size() - unit.name.size()), std::chars_format::fixed);
    const double nanoseconds = count.value_or(-1) * static_cast<double>(unit.length.count());
    if (!(nanoseconds >= 0) || nanoseconds > 3600e9) break;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(nanoseconds));
  }
  return Bad("not a time such as 5ms, of at most an hour:", text);
}

Result<CK_RV> ReadCode(std::string_view text) {
  const auto rv = CodeNamed(text);
  if (!rv || *rv == CKR_OK) return Bad("not an error code (CKR_... or 0x...):", text);
  return *rv;
}

Result<std::optional<Function>> ReadFunction(std::string_view text) {
  if (text == "*") return std::optional<Function>();
  const auto function = FunctionNamed(text);
  if (!function) return Bad("not a function that faults can be injected in:", text);
  return function;
}

Result<std::string> ReadText(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != '%') {
      out.push_back(text.front());
      text.remove_prefix(1);
      continue;
    }
    RK_TRY(const std::string octet, ReadHex(text.substr(1, 2)));
    if (octet.empty()) return Bad("two hexadecimal digits follow %, not", text.substr(1));
    out += octet;
    text.remove_prefix(3);
  }
  return out;
}

Result<std::string> ReadHex(std::string_view text) {
  std::string out;
  if (text.size() % 2 != 0) return Bad("not octets in hexadecimal:", text);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto octet = Whole<std::uint8_t>(text.substr(i, 2), 16);
    if (!octet) return Bad("not octets in hexadecimal:", text);
    out.push_back(static_cast<char>(*octet));
  }
  return out;
}

}  // namespace rootkeep::chaos
