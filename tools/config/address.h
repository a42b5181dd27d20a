// Where something listens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "keystore/base/result.h"

namespace rootkeep::config {

enum class AddressRule : std::uint8_t {
  kAny,               // "<IPv4>:<port>" or "[<IPv6>]:<port>", ports 0 to 65535
  kLoopbackOrSocket,  // the same on a loopback address, or "unix:/path"
};

// INVALID_ARGUMENT when `address` is not as the rule says. Host names are refused: what they resolve to may change.
Status CheckAddress(std::string_view address, AddressRule rule);

// Whether `address`, which CheckAddress accepts, can be reached from this machine only.
bool IsLoopback(std::string_view address);

// Whether it is 0.0.0.0 or ::, however it is written.
bool IsEveryInterface(std::string_view address);

// Whether it ends in port 0, which picks a free one.
bool HasFreePort(std::string_view address);

// Whether `address` is a "<host>:<port>" to connect to: a name or an address, an IPv6 one in brackets, with a port of 1
// to 65535.
bool IsTarget(std::string_view address);

// Letters, digits, dots and hyphens, at most 253 of them (RFC 1035 §2.3.4), no label of none; an address passes too.
bool IsDnsName(std::string_view name);

// Where a listener really is, once the system has picked `port`: of a socket, its path.
std::string BoundAddress(const std::string& address, int port);

}  // namespace rootkeep::config
