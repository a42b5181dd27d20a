// The plugin's configuration.
#pragma once

#include <chrono>
#include <string>

#include "providers/spire/plugin/hcl/section.h"
#include "signer/client/ca_connection.h"

namespace rootkeep::spire {

struct Settings {
  std::string trust_domain;
  CaConnectionOptions connection;
  // How long the first Mint waits for a daemon that does not answer yet.
  std::chrono::milliseconds wait_for_daemon{std::chrono::seconds(30)};
};

// INVALID_ARGUMENT for what is not known or not of its type; whether the connection's options go together is seen by
// who uses them.
Result<Settings> ReadSettings(const std::string& trust_domain, hcl::Section& section);

}  // namespace rootkeep::spire
