#include "tools/config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tools/config/duration.h"
#include "tools/config/nearest.h"

namespace rootkeep::config {
namespace {

bool IsName(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  const auto letter_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= kLongest && letter_or_digit(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return letter_or_digit(c) || c == '.' || c == '-'; });
}

}  // namespace

std::string RequiredText(const Section& section, std::string_view field, const std::string& value) {
  if (value.empty()) section.Complain(field, "is required");
  return value;
}

std::string Name(const Section& section, std::string_view field, const std::string& value) {
  if (value.empty()) {
    section.Complain(field, "is required");
  } else if (!IsName(value)) {
    section.Complain(field, "a name is 1 to 64 of a-z, 0-9, dot and dash, starting with a letter or digit");
  }
  return value;
}

std::string OptionalPath(const Section& section, std::string_view field, const std::string& value) {
  if (!value.empty() && value.front() != '/')
    section.Complain(field, fmt::format("\"{}\" is not an absolute path", value));
  return value;
}

std::string RequiredPath(const Section& section, std::string_view field, const std::string& value) {
  if (value.empty()) section.Complain(field, "is required");
  return OptionalPath(section, field, value);
}

std::string SocketPath(const Section& section, std::string_view field, const std::string& value) {
  constexpr std::size_t kLongest = 107;  // unix(7): sun_path
  std::string path = RequiredPath(section, field, value);
  if (path.size() > kLongest) section.Complain(field, "is longer than the 107 octets of a socket's path");
  if (path.ends_with('/')) section.Complain(field, "names a directory");
  return path;
}

mode_t FileMode(const Section& section, std::string_view field, const std::string& text, mode_t fallback) {
  constexpr mode_t kMost = 0666;
  if (text.empty()) return fallback;
  const bool octal = text.size() <= 4 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '7'; });
  const mode_t mode = octal ? static_cast<mode_t>(std::stoul(text, nullptr, 8)) : ~kMost;
  if ((mode & ~kMost) == 0) return mode;
  section.Complain(field, "is not a mode, in octal and in quotes: \"0600\" to \"0666\"");
  return fallback;
}

std::chrono::seconds Duration(const Section& section, std::string_view field, const std::string& value,
                              std::chrono::seconds fallback, DurationRange range) {
  if (!section.Given(field)) return fallback;
  const Result<std::chrono::seconds> parsed = ParseDuration(value);
  if (!parsed.ok()) {
    section.Complain(field, parsed.error().ToString());
    return fallback;
  }
  if (*parsed < range.least || *parsed > range.most) {
    section.Complain(field, fmt::format("{} is not between {} and {}", value, FormatDuration(range.least),
                                        FormatDuration(range.most)));
    return fallback;
  }
  return *parsed;
}

std::string Reference(const Section& section, std::string_view field, const std::string& value,
                      const std::vector<std::string>& known, std::string_view what) {
  if (value.empty() && known.size() == 1) return known.front();
  if (value.empty()) {
    section.Complain(field, fmt::format("is required: there is not exactly one {}", what));
  } else if (std::ranges::find(known, value) == known.end()) {
    const auto nearest = Nearest(value, known);
    section.Complain(field, fmt::format("there is no {} \"{}\"{}", what, value,
                                        nearest ? fmt::format("; did you mean \"{}\"?", *nearest) : ""));
  }
  return value;
}

void CheckUnique(const Section& section, std::string_view field, std::string_view key,
                 const std::vector<std::string>& values) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty() || seen.insert(values[i]).second) continue;
    section.Child(field, i).Complain(key, fmt::format("\"{}\" is there already", values[i]));
  }
}

}  // namespace rootkeep::config
