#include "tools/relay/networks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace rootkeep::relay {
namespace {

std::optional<unsigned> ReadNumber(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = !text.empty() && error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

}  // namespace

Networks::Networks() {
  constexpr PeerAddress kV4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
  constexpr PeerAddress kV6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  networks_ = {{.first = kV4, .bits = kMappedBits + 8}, {.first = kV6, .bits = kAddressBits}};
}

Result<Networks> Networks::Parse(const std::vector<std::string>& texts) {
  Networks out;
  out.networks_.clear();
  for (const std::string& text : texts) {
    const std::size_t slash = text.find('/');
    const auto address = ParsePeerAddress(std::string_view(text).substr(0, slash));
    const bool v4 = address && text.find(':') == std::string::npos;
    const unsigned most = v4 ? kAddressBits - kMappedBits : kAddressBits;
    const auto bits =
        slash == std::string::npos ? std::optional(most) : ReadNumber(std::string_view(text).substr(slash + 1));
    if (!address || !bits || *bits > most) {
      return InvalidArgument(fmt::format("\"{}\" is neither an address nor a network", text))
          .WithHint("for example 10.244.3.0/24 or fd00::/64");
    }
    const unsigned length = *bits + (kAddressBits - most);
    if (Beginning(*address, length) != *address) {
      return InvalidArgument(fmt::format("\"{}\" has bits beyond its length", text));
    }
    out.networks_.push_back({.first = *address, .bits = length});
  }
  return out;
}

bool Networks::Holds(const PeerAddress& address) const {
  const unsigned least = IsMapped(address) ? kMappedBits : 0;
  return std::ranges::any_of(networks_, [&](const Network& network) {
    return network.bits >= least && Beginning(address, network.bits) == network.first;
  });
}

}  // namespace rootkeep::relay
