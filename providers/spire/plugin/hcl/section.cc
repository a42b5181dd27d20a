#include "providers/spire/plugin/hcl/section.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "providers/spire/plugin/hcl/cursor.h"

namespace rootkeep::spire::hcl {
namespace {

struct Unit {
  std::string_view name;
  std::chrono::milliseconds length;
};
constexpr std::array kUnits = {Unit{"ms", std::chrono::milliseconds(1)}, Unit{"s", std::chrono::seconds(1)},
                               Unit{"m", std::chrono::minutes(1)}, Unit{"h", std::chrono::hours(1)}};
constexpr std::chrono::milliseconds kLongest = std::chrono::hours(100 * 24);

template <typename T>
Result<std::optional<T>> Read(const Value* value, std::string_view key, std::string_view type) {
  if (value == nullptr) return std::optional<T>();
  if (const T* content = std::get_if<T>(&value->content)) return std::optional<T>(*content);
  return ErrorAt(value->position, fmt::format("{} is {}", key, type));
}

std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  const auto* const unit =
      std::ranges::find(kUnits, text.substr(static_cast<std::size_t>(end - text.data())), &Unit::name);
  if (unit == kUnits.end() || number > kLongest / unit->length) return std::nullopt;
  return number * unit->length;
}

}  // namespace

const Value* Section::Find(std::string_view key) {
  asked_.emplace(key);
  const auto found = std::ranges::find(members_, key, &Member::key);
  return found == members_.end() ? nullptr : &found->value;
}

Result<std::optional<std::string>> Section::GetText(std::string_view key) {
  const Value* value = Find(key);
  RK_TRY(auto text, Read<std::string>(value, key, "a text in quotes"));
  if (text && text->empty()) return ErrorAt(value->position, fmt::format("{} is empty", key));
  return text;
}

Result<std::optional<std::int64_t>> Section::GetInteger(std::string_view key) {
  return Read<std::int64_t>(Find(key), key, "a whole number");
}

Result<std::optional<bool>> Section::GetBool(std::string_view key) {
  return Read<bool>(Find(key), key, "true or false");
}

Result<std::optional<std::chrono::milliseconds>> Section::GetDuration(std::string_view key) {
  constexpr std::string_view kType = R"(a duration such as "30s" or "5m")";
  const Value* value = Find(key);
  RK_TRY(const auto text, Read<std::string>(value, key, kType));
  if (!text) return std::optional<std::chrono::milliseconds>();
  const auto duration = ParseDuration(*text);
  if (!duration) return ErrorAt(value->position, fmt::format("{} is {}", key, kType));
  return duration;
}

Status Section::RefuseUnknown() const {
  const auto unknown = std::ranges::find_if(members_, [this](const Member& m) { return !asked_.contains(m.key); });
  if (unknown == members_.end()) return Ok();
  return ErrorAt(unknown->position,
                 fmt::format("unknown key \"{}\"; known are {}", unknown->key, fmt::join(asked_, ", ")));
}

}  // namespace rootkeep::spire::hcl
