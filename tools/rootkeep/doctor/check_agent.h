// What an agent keeps: whether its certificates are there, fit, and are renewed in time.
#pragma once

#include "keystore/base/clock.h"
#include "tools/rootkeep-agent/agent_config.h"
#include "tools/rootkeep/doctor/checkup.h"

namespace rootkeep::cli {

// Reads the files that the configuration names, and asks neither agent nor CA. A certificate that has ended, or does
// not chain to its roots, fails; one that lives and should have been renewed before `now` is a warning.
void CheckAgentCertificates(Checkup& checkup, const agent::AgentConfig& config, WallTime now);

}  // namespace rootkeep::cli
