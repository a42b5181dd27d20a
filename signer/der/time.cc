#include "signer/der/time.h"

#include <array>
#include <chrono>

namespace rootkeep::der {
namespace {

using std::chrono::floor;
using Days = std::chrono::days;
using Seconds = std::chrono::seconds;

constexpr int kFirstUtcYear = 1950;
constexpr int kFirstGeneralizedYear = 2050;
constexpr int kLastYear = 2261;  // WallTime counts nanoseconds in 64 bits, which end in 2262

void AppendDigits(std::string& text, unsigned value) {
  text.push_back(static_cast<char>('0' + value / 10 % 10));
  text.push_back(static_cast<char>('0' + value % 10));
}

// Takes two decimal digits off the front of `text`.
std::optional<unsigned> TakeDigits(std::string_view& text) {
  if (text.size() < 2 || text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') return std::nullopt;
  const unsigned value = static_cast<unsigned>(text[0] - '0') * 10 + static_cast<unsigned>(text[1] - '0');
  text.remove_prefix(2);
  return value;
}

std::optional<int> TakeYear(std::uint8_t tag, std::string_view& text) {
  const std::optional<unsigned> high = TakeDigits(text);
  if (!high) return std::nullopt;
  if (tag == kUtcTime) return static_cast<int>(*high < 50 ? 2000 + *high : 1900 + *high);
  const std::optional<unsigned> low = TakeDigits(text);
  if (!low) return std::nullopt;
  const int year = static_cast<int>(*high * 100 + *low);
  return year < kFirstGeneralizedYear || year > kLastYear ? std::nullopt : std::optional(year);
}

}  // namespace

bool WriteTime(Writer& writer, WallTime time) {
  const auto seconds = floor<Seconds>(time);
  const auto day = floor<Days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  const int year = static_cast<int>(date.year());
  if (year < kFirstUtcYear || year > kLastYear) return false;
  std::string text;
  if (year >= kFirstGeneralizedYear) AppendDigits(text, static_cast<unsigned>(year) / 100);
  AppendDigits(text, static_cast<unsigned>(year) % 100);
  AppendDigits(text, static_cast<unsigned>(date.month()));
  AppendDigits(text, static_cast<unsigned>(date.day()));
  AppendDigits(text, static_cast<unsigned>(clock.hours().count()));
  AppendDigits(text, static_cast<unsigned>(clock.minutes().count()));
  AppendDigits(text, static_cast<unsigned>(clock.seconds().count()));
  text.push_back('Z');
  writer.Text(year >= kFirstGeneralizedYear ? kGeneralizedTime : kUtcTime, text);
  return true;
}

std::optional<WallTime> ReadTime(const Element& element) {
  if (element.tag != kUtcTime && element.tag != kGeneralizedTime) return std::nullopt;
  std::string_view text = AsText(element.content);
  const std::optional<int> year = TakeYear(element.tag, text);
  if (!year) return std::nullopt;
  std::array<unsigned, 5> parts{};
  for (unsigned& part : parts) {
    const std::optional<unsigned> digits = TakeDigits(text);
    if (!digits) return std::nullopt;
    part = *digits;
  }
  const auto [month, day, hour, minute, second] = parts;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(month), std::chrono::day(day)};
  if (text != "Z" || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) + Seconds(second);
}

}  // namespace rootkeep::der
