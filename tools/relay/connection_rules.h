// Who may connect to a relay, and how often: each handshake costs the node's TPM a signature.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/node/rate_limit.h"
#include "tools/accept/connection_places.h"
#include "tools/relay/networks.h"
#include "tools/relay/peer_address.h"

namespace rootkeep::relay {

// A slow TPM signs about five times a second: all clients together leave it some of that, and one address half. A node
// that starts its pods wants many certificates at once, and then few for long.
struct ConnectionLimits {
  std::uint32_t open = 512;      // at once; an address has a quarter of them at most
  std::uint32_t per_second = 4;  // new ones, 16 seconds' worth at once; an address has half of it at most
};

// Thread-safe. All of loopback is one address, because every process of the host can take any of it, and so is a /64
// of IPv6, of which a client often can.
class ConnectionRules {
 public:
  ConnectionRules(Networks clients, ConnectionLimits limits);

  // A place for a connection, given back when it goes. PERMISSION_DENIED with reason "client" for an address that is
  // none of the clients', RESOURCE_EXHAUSTED with "connections" when too many are open, and with "rate" when too many
  // came.
  Result<std::shared_ptr<void>> Admit(const PeerAddress& peer, Deadline now);

 private:
  const Networks clients_;
  ConnectionPlaces<std::string> places_;
  RateLimit each_;
  RateLimit all_;
};

}  // namespace rootkeep::relay
