// Handover signers that run beside the agent: see signer_main.cc.
#pragma once

#include <string>

#include "keystore/base/result.h"
#include "tests/support/provider_host.h"
#include "tools/rootkeep/sandbox/child.h"

namespace rootkeep::bench {

// One for this key of the host's, which signs until it is destroyed. Returns when it takes connections. Started before
// the agent: SoftHSM may show no token to one process while another initialises the module.
Result<cli::Child> StartHandoverSigner(testing::ProviderHost& host, const std::string& key);

// Its socket.
std::string HandoverPath(const testing::ProviderHost& host, const std::string& key);

}  // namespace rootkeep::bench
