// Everything a configuration names: state directory, tokens, authorities, rules.
#pragma once

#include "tools/config/config.h"
#include "tools/rootkeep/doctor/checkup.h"

namespace rootkeep::cli {

// Changes nothing but what signing a statement changes, and may run beside the daemon.
void CheckConfig(Checkup& checkup, const config::Config& config, const std::string& path);

}  // namespace rootkeep::cli
