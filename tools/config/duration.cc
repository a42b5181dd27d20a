#include "tools/config/duration.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>

namespace rootkeep::config {
namespace {

struct Unit {
  char letter;
  std::int64_t seconds;
};

constexpr std::array kUnits = {Unit{'d', 86'400}, Unit{'h', 3'600}, Unit{'m', 60}, Unit{'s', 1}};
constexpr std::int64_t kMost = std::int64_t{100} * 366 * 86'400;

}  // namespace

Result<std::chrono::seconds> ParseDuration(std::string_view text) {
  const Error malformed = InvalidArgument(fmt::format("\"{}\" is not a duration", text))
                              .WithHint(R"(for example "10s", "5m", "24h", "90d", "1h30m")");
  if (text.empty()) return malformed;
  std::int64_t total = 0;
  const Unit* unit = kUnits.begin();
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || text.front() == '-' || stop == text.data() + text.size()) return malformed;
    while (unit != kUnits.end() && unit->letter != *stop) ++unit;
    if (unit == kUnits.end()) return malformed;
    if (number > kMost / unit->seconds) return malformed;
    total += number * unit->seconds;
    if (total > kMost) return malformed;
    ++unit;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
  }
  return std::chrono::seconds(total);
}

std::string FormatDuration(std::chrono::seconds duration) {
  std::int64_t rest = duration.count();
  std::string out;
  for (const Unit& unit : kUnits) {
    if (rest / unit.seconds > 0) out += fmt::format("{}{}", rest / unit.seconds, unit.letter);
    rest %= unit.seconds;
  }
  return out.empty() ? "0s" : out;
}

}  // namespace rootkeep::config
