#include "signer/policy/node_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace rootkeep {
namespace {

using Kind = GeneralName::Kind;

constexpr std::string_view kNode = "{node}.";
constexpr std::size_t kLongestName = 253;  // RFC 1035 §2.3.4, without the root
constexpr std::size_t kLongestLabel = 63;

bool IsLabel(std::string_view label) {
  const auto letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !label.empty() && label.size() <= kLongestLabel && letter_or_digit(label.front()) &&
         letter_or_digit(label.back()) &&
         std::ranges::all_of(label, [&](char c) { return letter_or_digit(c) || c == '-'; });
}

bool IsHostName(std::string_view name) {
  if (name.size() > kLongestName) return false;
  for (;;) {
    const std::size_t dot = name.find('.');
    if (!IsLabel(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

bool IsServerName(const GeneralName& name) {
  return name.kind == Kind::kIp || (name.kind == Kind::kDns && IsHostName(name.value));
}

}  // namespace

NodeNames::NodeNames() : texts_{"localhost", "127.0.0.1", "::1"} {}

Result<NodeNames> NodeNames::Parse(const std::vector<std::string>& texts) {
  NodeNames out;
  out.texts_.clear();
  for (const std::string& text : texts) {
    const bool names_node = text.starts_with(kNode);
    const GeneralName name = GeneralNameFromText(names_node ? text.substr(kNode.size()) : text);
    if (!IsServerName(name) || (names_node && name.kind != Kind::kDns)) {
      return InvalidArgument(
          fmt::format("\"{}\" is neither a DNS name, nor an address, nor \"{{node}}.\" and a DNS name", text));
    }
    if (std::ranges::find(out.texts_, text) == out.texts_.end()) out.texts_.push_back(text);
  }
  return out;
}

std::vector<GeneralName> NodeNames::Of(std::string_view node) const {
  std::vector<GeneralName> names;
  for (const std::string& text : texts_) {
    GeneralName name = text.starts_with(kNode)
                           ? GeneralName{Kind::kDns, fmt::format("{}.{}", node, text.substr(kNode.size()))}
                           : GeneralNameFromText(text);
    if (IsServerName(name)) names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> NodeNames::Domains() const {
  std::vector<std::string> domains;
  for (const std::string& text : texts_) {
    if (text.starts_with(kNode)) domains.push_back(text.substr(kNode.size()));
  }
  return domains;
}

}  // namespace rootkeep
