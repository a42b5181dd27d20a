#include "tools/relay/networks.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace rootkeep::relay {
namespace {

using Octets = std::array<std::uint8_t, 16>;

constexpr unsigned kBits = 128;
constexpr unsigned kMappedBits = 96;
constexpr Octets kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<Octets> ReadAddress(std::string_view text) {
  const std::string terminated(text);
  Octets v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) return v6;
  Octets v4 = kMapped;
  if (inet_pton(AF_INET, terminated.c_str(), v4.data() + kMappedBits / 8) == 1) return v4;
  return std::nullopt;
}

std::optional<unsigned> ReadNumber(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = !text.empty() && error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

// The address in "ipv4:192.0.2.1:4711" and "ipv6:%5B2001:db8::1%5D:4711"; a scope behind "%25" says nothing about it.
std::string_view AddressIn(std::string_view peer) {
  constexpr std::string_view kV4 = "ipv4:";
  constexpr std::string_view kV6 = "ipv6:%5B";
  if (peer.starts_with(kV4)) return peer.substr(kV4.size(), peer.rfind(':') - kV4.size());
  if (peer.starts_with(kV6)) return peer.substr(kV6.size(), peer.find('%', kV6.size()) - kV6.size());
  return {};
}

// With all bits behind the first `length` cleared.
Octets Beginning(Octets address, unsigned length) {
  for (unsigned bit = length; bit < kBits; ++bit) address[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> bit % 8));
  return address;
}

}  // namespace

Networks::Networks() {
  constexpr Octets kOne{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  constexpr std::uint8_t kLoopback = 127;
  Octets v4 = kMapped;
  v4[kMappedBits / 8] = kLoopback;
  networks_ = {{.first = v4, .bits = kMappedBits + 8}, {.first = kOne, .bits = kBits}};
}

Result<Networks> Networks::Parse(const std::vector<std::string>& texts) {
  Networks out;
  out.networks_.clear();
  for (const std::string& text : texts) {
    const std::size_t slash = text.find('/');
    const auto address = ReadAddress(std::string_view(text).substr(0, slash));
    const bool v4 = address && text.find(':') == std::string::npos;
    const unsigned most = v4 ? kBits - kMappedBits : kBits;
    const auto bits =
        slash == std::string::npos ? std::optional(most) : ReadNumber(std::string_view(text).substr(slash + 1));
    if (!address || !bits || *bits > most) {
      return InvalidArgument(fmt::format("\"{}\" is neither an address nor a network", text))
          .WithHint("for example 10.244.3.0/24 or fd00::/64");
    }
    const unsigned length = *bits + (kBits - most);
    if (Beginning(*address, length) != *address) {
      return InvalidArgument(fmt::format("\"{}\" has bits beyond its length", text));
    }
    out.networks_.push_back({.first = *address, .bits = length});
  }
  return out;
}

bool Networks::Holds(std::string_view peer) const {
  const auto address = ReadAddress(AddressIn(peer));
  if (!address) return false;
  return std::ranges::any_of(
      networks_, [&](const Network& network) { return Beginning(*address, network.bits) == network.first; });
}

}  // namespace rootkeep::relay
