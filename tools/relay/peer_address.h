// From which address somebody came.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rootkeep::relay {

// IPv6; IPv4 as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2).
using PeerAddress = std::array<std::uint8_t, 16>;

inline constexpr unsigned kAddressBits = 128;
inline constexpr unsigned kMappedBits = 96;  // before an IPv4 address

// "192.0.2.1" or "2001:db8::1", and nothing else.
std::optional<PeerAddress> ParsePeerAddress(std::string_view text);

// Of the other end of a TCP connection; none for any other socket.
std::optional<PeerAddress> PeerOf(int connection);

// Whether it is one of IPv4.
bool IsMapped(const PeerAddress& address);

// With all bits behind the first `length` cleared.
PeerAddress Beginning(PeerAddress address, unsigned length);

// 127.0.0.0/8 or ::1.
bool IsLoopback(const PeerAddress& address);

// As ParsePeerAddress reads it; IPv4 with dots.
std::string ToText(const PeerAddress& address);

}  // namespace rootkeep::relay
