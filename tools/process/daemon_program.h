// What the daemons' programs have in common: their command line, and how they stand in the system.
#pragma once

#include <string>
#include <variant>

#include "keystore/base/error.h"

namespace rootkeep {

// Literals all.
struct DaemonProgram {
  const char* name;
  const char* purpose;  // a sentence for --help
  const char* footer;   // an example, the signals, the exit statuses
  const char* config;   // where the configuration is when nobody says
};

struct DaemonCommand {
  std::string config;  // path
  bool check = false;  // the configuration only
};

// Reads `--config`, `--check-config`, `--help` and `--version`; the exit status (0 or 2) when there is nothing left to
// do, after writing why.
std::variant<DaemonCommand, int> ReadDaemonCommand(const DaemonProgram& program, int argc, char** argv);

// Writes the error for the operator; the exit status of a daemon that could not start.
int FailDaemon(const DaemonProgram& program, const Error& error);

// Lets this process open as many files as it may, because each connection is one and a shell's limit is 1,024 (gRPC
// gives a listener up for good when none is left), and write no core dump, which would hold PINs.
void PrepareDaemon();

}  // namespace rootkeep
