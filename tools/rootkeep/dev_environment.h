// What `rootkeep dev` prints for people to paste.
#pragma once

#include <string>
#include <vector>

#include "tools/rootkeep/sandbox/sandbox_files.h"

namespace rootkeep::cli {

// Lines of shell for ztunnel, istio-agent and plain gRPC clients of the sandbox whose CA listens on 127.0.0.1:`port`.
std::vector<std::string> DevEnvironment(const SandboxFiles& files, const std::string& port);

// `text` as one word of a POSIX shell.
std::string ShellWord(const std::string& text);

}  // namespace rootkeep::cli
