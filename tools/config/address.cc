#include "tools/config/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <system_error>

#include "keystore/base/bytes.h"

namespace rootkeep::config {
namespace {

constexpr std::string_view kSocket = "unix:";

struct HostPort {
  std::string host;
  bool v6 = false;
  std::uint16_t port = 0;
};

std::optional<HostPort> Split(std::string_view address) {
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  HostPort out;
  const std::string_view port = address.substr(colon + 1);
  const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (port.empty() || error != std::errc() || stop != port.data() + port.size()) return std::nullopt;
  std::string_view host = address.substr(0, colon);
  out.v6 = host.starts_with('[') && host.ends_with(']');
  if (out.v6) host = host.substr(1, host.size() - 2);
  out.host = host;
  return out;
}

// The octets of an address; one that IPv6 writes for an IPv4 one (RFC 4291 §2.5.5.2) is that. Empty for a name.
Bytes AddressOf(const HostPort& parts) {
  constexpr std::size_t kV4 = 4;
  Bytes out(sizeof(in6_addr));
  if (inet_pton(parts.v6 ? AF_INET6 : AF_INET, parts.host.c_str(), out.data()) != 1) return {};
  const bool mapped = parts.v6 && IN6_IS_ADDR_V4MAPPED(reinterpret_cast<const in6_addr*>(out.data())) != 0;
  if (mapped) out.erase(out.begin(), out.end() - kV4);
  if (!parts.v6) out.resize(kV4);
  return out;
}

bool Local(const HostPort& parts) {
  constexpr std::uint8_t kLoopback = 127;
  const Bytes address = AddressOf(parts);
  if (address.size() != sizeof(in6_addr)) return !address.empty() && address.front() == kLoopback;
  return address.back() == 1 && std::ranges::count(address, 0) == std::ssize(address) - 1;
}

Status CheckSocket(std::string_view path) {
  if (!path.starts_with('/') || path.size() >= sizeof(sockaddr_un::sun_path)) {
    return InvalidArgument(fmt::format("\"{}\" is not an absolute socket path of at most {} bytes", path,
                                       sizeof(sockaddr_un::sun_path) - 1));
  }
  return Ok();
}

bool IsHost(std::string_view host) {
  if (host.starts_with('[')) return host.size() > 2 && host.find(']') == host.size() - 1;
  return !host.empty() && host.find_first_of(":/[]") == std::string_view::npos;
}

bool IsPort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

}  // namespace

Status CheckAddress(std::string_view address, AddressRule rule) {
  const bool local = rule == AddressRule::kLoopbackOrSocket;
  if (local && address.starts_with(kSocket)) return CheckSocket(address.substr(kSocket.size()));
  const auto parts = Split(address);
  if (!parts || AddressOf(*parts).empty()) {
    return InvalidArgument(fmt::format("\"{}\" is not an address and port", address))
        .WithHint(local ? "for example 127.0.0.1:15016, [::1]:15016 or unix:/run/rootkeep/health.sock"
                        : "for example 127.0.0.1:15012 or [::]:15012");
  }
  if (local && !Local(*parts)) {
    return InvalidArgument(fmt::format("\"{}\" is not a loopback address, and this service has no TLS", address));
  }
  return Ok();
}

bool IsLoopback(std::string_view address) {
  if (address.starts_with(kSocket)) return true;
  const auto parts = Split(address);
  return parts && Local(*parts);
}

bool IsEveryInterface(std::string_view address) {
  const auto parts = Split(address);
  const Bytes octets = parts ? AddressOf(*parts) : Bytes();
  return !octets.empty() && std::ranges::count(octets, 0) == std::ssize(octets);
}

bool HasFreePort(std::string_view address) {
  const auto parts = Split(address);
  return parts && parts->port == 0;
}

std::string BoundAddress(const std::string& address, int port) {
  if (address.starts_with(kSocket)) return address;
  return fmt::format("{}:{}", address.substr(0, address.rfind(':')), port);
}

bool IsTarget(std::string_view address) {
  const auto colon = address.rfind(':');
  return colon != std::string_view::npos && IsHost(address.substr(0, colon)) && IsPort(address.substr(colon + 1));
}

bool IsDnsName(std::string_view name) {
  constexpr std::size_t kLongest = 253;  // RFC 1035 §2.3.4, as text
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= kLongest && std::ranges::all_of(name, allowed) && name.front() != '.' &&
         name.front() != '-' && name.back() != '.' && name.find("..") == std::string_view::npos;
}

}  // namespace rootkeep::config
