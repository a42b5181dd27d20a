#include "keystore/uri_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>

#include "keystore/base/bytes.h"

namespace rootkeep {
namespace {

constexpr auto kNames =
    std::to_array<std::string_view>({"token", "serial", "manufacturer", "model", "object", "id", "type"});

std::optional<std::string> Decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != '%') {
      out.push_back(text.front());
      text.remove_prefix(1);
      continue;
    }
    const auto octet = FromHex(text.substr(1, 2));
    if (!octet || octet->empty()) return std::nullopt;
    out.push_back(static_cast<char>(octet->front()));
    text.remove_prefix(3);
  }
  return out;
}

Status Set(KeyUri& uri, std::string_view name, std::string value) {
  const bool of_token = name == "token" || name == "serial" || name == "manufacturer" || name == "model";
  const std::size_t most = name == "token" || name == "manufacturer" ? 32
                           : of_token                                ? 16
                                                                     : kMaxUriSize;  // CK_TOKEN_INFO
  if (value.size() > most) return InvalidArgument(fmt::format("key URI: attribute {} is too long", name));
  // Token fields are padded with blanks (PKCS#11 2.40 §3.2), which say nothing, but count towards the field's size.
  if (of_token) value.erase(value.find_last_not_of(' ') + 1);
  if (value.empty()) return InvalidArgument(fmt::format("key URI: attribute {} has no value", name));
  if (name == "id") {
    uri.object_id = ToBytes(AsBytes(value));
    return Ok();
  }
  if (value.find('\0') != std::string::npos) {
    return InvalidArgument(fmt::format("key URI: attribute {} has a zero octet", name));
  }
  if (name == "type") return value == "private" ? Ok() : Status(InvalidArgument("key URI: its type is not private"));
  auto& field = name == "token"          ? uri.token_label
                : name == "serial"       ? uri.token_serial
                : name == "manufacturer" ? uri.token_manufacturer
                : name == "model"        ? uri.token_model
                                         : uri.object_label;
  field = std::move(value);
  return Ok();
}

Status ReadPath(KeyUri& uri, std::string_view path) {
  std::set<std::string_view> seen;
  while (!path.empty()) {
    const std::string_view pair = path.substr(0, path.find(';'));
    path.remove_prefix(std::min(pair.size() + 1, path.size()));
    const auto equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    if (std::ranges::find(kNames, name) == kNames.end()) {
      return InvalidArgument("key URI: it has an unknown attribute")
          .WithHint("known are token, serial, manufacturer, model, object, id and type=private");
    }
    if (!seen.insert(name).second) return InvalidArgument(fmt::format("key URI: attribute {} stands twice", name));
    auto value = Decoded(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
    if (!value) return InvalidArgument(fmt::format("key URI: attribute {} is badly encoded", name));
    RK_RETURN_IF_ERROR(Set(uri, name, *std::move(value)));
  }
  return Ok();
}

}  // namespace

Result<KeyUri> ParseUriPath(UriScheme scheme, std::string_view path) {
  if (path.size() > kMaxUriSize) {
    return InvalidArgument(fmt::format("key URI: longer than {} octets", kMaxUriSize));
  }
  if (!std::ranges::all_of(path, [](char c) { return c > 0x20 && c < 0x7f; })) {
    return InvalidArgument("key URI: it has blanks or characters outside ASCII").WithHint("write them as %XX");
  }
  if (path.find('?') != std::string_view::npos) {
    return InvalidArgument("key URI: it has a query")
        .WithHint("leave out PIN and module: whoever has the key knows them");
  }
  KeyUri uri{.scheme = scheme};
  RK_RETURN_IF_ERROR(ReadPath(uri, path));
  return uri;
}

}  // namespace rootkeep
