#include "tools/relay/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace rootkeep::relay {
namespace {

constexpr PeerAddress kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr PeerAddress kLoopback6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr std::uint8_t kLoopback4 = 127;  // its first octet

}  // namespace

std::optional<PeerAddress> ParsePeerAddress(std::string_view text) {
  const std::string terminated(text);
  PeerAddress v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) return v6;
  PeerAddress v4 = kMapped;
  if (inet_pton(AF_INET, terminated.c_str(), v4.data() + kMappedBits / 8) == 1) return v4;
  return std::nullopt;
}

std::optional<PeerAddress> PeerOf(int connection) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (getpeername(connection, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return std::nullopt;
  PeerAddress out = kMapped;
  if (peer.ss_family == AF_INET) {
    std::memcpy(out.data() + kMappedBits / 8, &reinterpret_cast<const sockaddr_in&>(peer).sin_addr, sizeof(in_addr));
  } else if (peer.ss_family == AF_INET6) {
    std::memcpy(out.data(), &reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr, out.size());
  } else {
    return std::nullopt;
  }
  return out;
}

bool IsMapped(const PeerAddress& address) {
  return std::equal(address.begin(), address.begin() + kMappedBits / 8, kMapped.begin());
}

PeerAddress Beginning(PeerAddress address, unsigned length) {
  for (unsigned bit = length; bit < kAddressBits; ++bit) {
    address[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> bit % 8));
  }
  return address;
}

bool IsLoopback(const PeerAddress& address) {
  return address == kLoopback6 || (IsMapped(address) && address[kMappedBits / 8] == kLoopback4);
}

std::string ToText(const PeerAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = IsMapped(address);
  inet_ntop(v4 ? AF_INET : AF_INET6, address.data() + (v4 ? kMappedBits / 8 : 0), text.data(), text.size());
  return text.data();
}

}  // namespace rootkeep::relay
