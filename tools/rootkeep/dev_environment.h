// What `rootkeep dev` prints for people to paste.
#pragma once

#include <string>
#include <vector>

#include "keystore/base/result.h"
#include "tools/rootkeep/sandbox/sandbox_files.h"

namespace rootkeep::cli {

struct DevPlaces {
  std::string program;       // how a shell finds this program, not quoted
  std::string port;          // of the CA on 127.0.0.1
  std::string operations;    // host:port of /metrics and /readyz
  std::string spire_plugin;  // path of SPIRE's plugin
};

// Lines of shell for ztunnel, istio-agent, plain gRPC clients and SPIRE of a sandbox. They name every file by its whole
// path, so that each block can be pasted anywhere by itself.
std::vector<std::string> DevEnvironment(const SandboxFiles& files, const DevPlaces& places);

// Where SPIRE's UpstreamAuthority plugin is: where it was built with this program, else beside it.
std::string SpirePlugin();

// "rootkeep" when a shell finds this very program by that name, its path otherwise.
Result<std::string> ProgramName();

// `text` as one word of a POSIX shell.
std::string ShellWord(const std::string& text);

}  // namespace rootkeep::cli
