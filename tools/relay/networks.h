// Whose calls a relay carries, by the address that they come from.
#pragma once

#include <string>
#include <vector>

#include "keystore/base/result.h"
#include "tools/relay/peer_address.h"

namespace rootkeep::relay {

// Immutable once made.
class Networks {
 public:
  // Loopback: 127.0.0.0/8 and ::1.
  Networks();

  // Each an IPv4 or IPv6 address, or the beginning of one with its length: "10.244.3.0/24", "fd00::/64". No bit
  // beyond the length is set. A network of IPv6 holds no IPv4 address, not even "::/0". INVALID_ARGUMENT for any other.
  static Result<Networks> Parse(const std::vector<std::string>& texts);

  [[nodiscard]] bool Holds(const PeerAddress& address) const;

  friend bool operator==(const Networks&, const Networks&) = default;

 private:
  struct Network {
    PeerAddress first{};
    unsigned bits = 0;

    friend bool operator==(const Network&, const Network&) = default;
  };

  std::vector<Network> networks_;
};

}  // namespace rootkeep::relay
