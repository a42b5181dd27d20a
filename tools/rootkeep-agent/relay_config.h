// The relay of rootkeep-agent's configuration. The fields are explained where they are declared:
// proto/rootkeep/agent/v1/agent.proto.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/relay/connection_rules.h"
#include "tools/relay/networks.h"

namespace rootkeep::agent {

struct RelayConfig {
  std::vector<std::string> addresses;
  relay::Networks clients;
  std::string certificate;  // by name; it has an attestation
  relay::ConnectionLimits connections;
  std::uint32_t max_calls = 256;
  std::chrono::seconds timeout{15};
};

}  // namespace rootkeep::agent
