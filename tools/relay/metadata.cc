#include "tools/relay/metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace rootkeep::relay {
namespace {

constexpr std::array<std::string_view, 11> kOfOneConnection{
    "user-agent", "connection", "keep-alive",       "proxy-connection", "transfer-encoding", "upgrade",
    "te",         "host",       "content-encoding", "content-type",     "content-length"};

bool IsOfOneConnection(std::string_view name) {
  if (name.starts_with("grpc-")) return name != "grpc-retry-pushback-ms";
  return std::ranges::find(kOfOneConnection, name) != kOfOneConnection.end();
}

bool IsName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

bool IsText(std::string_view value) {
  return std::ranges::all_of(value, [](unsigned char octet) { return octet >= 0x20 && octet <= 0x7e; });
}

Error Unsendable(std::string message) { return InvalidArgument(std::move(message)).WithReason("metadata"); }

}  // namespace

Result<Pairs> PassedOn(const Metadata& metadata) {
  Pairs out;
  for (const auto& [name_ref, value_ref] : metadata) {
    const std::string_view name(name_ref.data(), name_ref.size());
    const std::string_view value(value_ref.data(), value_ref.size());
    if (IsOfOneConnection(name)) continue;
    if (!IsName(name)) return Unsendable("the name of a metadata entry is none of gRPC's");
    if (!name.ends_with("-bin") && !IsText(value)) {
      return Unsendable(fmt::format("metadata {} holds an octet that is not printable ASCII", name));
    }
    out.emplace_back(name, value);
  }
  return out;
}

}  // namespace rootkeep::relay
