// From a command line to the action it asks for.
#pragma once

#include <vector>

#include "tools/rootkeep/command.h"

namespace rootkeep::cli {

// Exit codes of every command.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

// Parses, runs what was asked for and reports how it ended: --help and facts on standard output, mistakes and failures
// on standard error.
int Run(const std::vector<Command>& commands, int argc, char** argv);

}  // namespace rootkeep::cli
