// How an agent's relay is, as its clients find it.
#pragma once

#include "keystore/base/clock.h"
#include "tools/rootkeep-agent/agent_config.h"
#include "tools/rootkeep/doctor/checkup.h"

namespace rootkeep::cli {

// Nothing without a relay. Connects to each of its addresses as a client would: whether somebody answers, whether the
// certificate is good below the roots in the node's files and what it names, and what the CA says to a request without
// a token, which it refuses.
void CheckAgentRelay(Checkup& checkup, const agent::AgentConfig& config, WallTime now);

}  // namespace rootkeep::cli
