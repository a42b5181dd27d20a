#include "tools/process/daemon_program.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <CLI/CLI.hpp>

#include <cstdio>

namespace rootkeep {

std::variant<DaemonCommand, int> ReadDaemonCommand(const DaemonProgram& program, int argc, char** argv) {
  DaemonCommand command{.config = program.config};
  CLI::App app(program.purpose, program.name);
  app.footer(program.footer);
  app.add_option("config,-c,--config", command.config, "configuration file, with or without the option's name")
      ->capture_default_str();
  app.add_flag("--check-config", command.check, "check the configuration, say what is wrong with it, and end");
  app.set_version_flag("--version", fmt::format("{} {}", program.name, ROOTKEEP_VERSION));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return command;
}

int FailDaemon(const DaemonProgram& program, const Error& error) {
  fmt::print(stderr, "{}: {}\n", program.name, error.ToString());
  return 1;
}

void PrepareDaemon() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace rootkeep
