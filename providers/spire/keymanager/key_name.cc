#include "providers/spire/keymanager/key_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "keystore/base/bytes.h"

namespace rootkeep::spire {
namespace {

constexpr std::size_t kMaxInstance = 32;
constexpr std::size_t kMaxName = 64;  // keystore/NAMES.md
constexpr std::string_view kLabelStart = "rk/foreign-ca/";

bool IsSmall(char c) { return c >= 'a' && c <= 'z'; }
bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsPlain(char c) { return IsSmall(c) || IsDigit(c) || c == '-'; }

std::string Encode(std::string_view id) {
  std::string out;
  for (const char c : id) {
    if (IsPlain(c)) {
      out += c;
    } else if (IsCapital(c)) {
      out += {'.', static_cast<char>(c - 'A' + 'a')};
    } else {
      out += ".." + ToHex(AsBytes({&c, 1}));
    }
  }
  return out;
}

// Takes what stands for one octet from the front; nothing when nothing does.
std::optional<char> DecodeOne(std::string_view& text) {
  const auto take = [&text](std::size_t size) {
    const std::string_view taken = text.substr(0, size);
    text.remove_prefix(taken.size());
    return taken;
  };
  if (!text.starts_with('.')) return take(1).front();
  if (!text.starts_with("..")) {
    const std::string_view capital = take(2);
    if (capital.size() != 2 || !IsSmall(capital[1])) return std::nullopt;
    return static_cast<char>(capital[1] - 'a' + 'A');
  }
  const auto octet = FromHex(take(4).substr(2));
  if (!octet || octet->size() != 1) return std::nullopt;
  return static_cast<char>(octet->front());
}

}  // namespace

Status CheckInstance(std::string_view instance) {
  const bool fits = !instance.empty() && instance.size() <= kMaxInstance && std::ranges::all_of(instance, IsPlain) &&
                    instance.front() != '-';
  if (fits) return Ok();
  return InvalidArgument(
      fmt::format("instance is not 1 to {} of a-z, 0-9 and '-', starting with a letter or digit", kMaxInstance));
}

Result<std::string> KeyNameOf(std::string_view instance, std::string_view id) {
  std::string name = fmt::format("{}.{}", instance, Encode(id));
  if (name.size() > kMaxName) {
    return InvalidArgument(fmt::format("key id \"{}\" is too long for a key of instance \"{}\"", id, instance));
  }
  return name;
}

std::optional<std::string> KeyIdOf(std::string_view instance, std::string_view name) {
  if (!name.starts_with(instance) || !name.substr(instance.size()).starts_with('.')) return std::nullopt;
  std::string_view rest = name.substr(instance.size() + 1);
  std::string id;
  while (!rest.empty()) {
    const auto octet = DecodeOne(rest);
    if (!octet) return std::nullopt;
    id += *octet;
  }
  // One id has one name.
  if (id.empty() || Encode(id) != name.substr(instance.size() + 1)) return std::nullopt;
  return id;
}

std::optional<ForeignCaLabel> ParseForeignCaLabel(std::string_view label) {
  if (!label.starts_with(kLabelStart)) return std::nullopt;
  label.remove_prefix(kLabelStart.size());
  const std::size_t slash = label.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  ForeignCaLabel parts{.name = std::string(label.substr(0, slash))};
  const std::string_view number = label.substr(slash + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), parts.generation);
  const bool whole = error == std::errc() && end == number.data() + number.size() && !number.starts_with('0');
  return whole ? std::optional(std::move(parts)) : std::nullopt;
}

}  // namespace rootkeep::spire
