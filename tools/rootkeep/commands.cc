#include "tools/rootkeep/commands.h"

namespace rootkeep::cli {

const std::vector<Command>& Commands() {
  static const auto* commands = new std::vector<Command>{KeyCreateCommand(), KeyListCommand(),   KeyShowCommand(),
                                                         CaInitCommand(),    CaRequestCommand(), CaInstallCommand(),
                                                         RequestCommand(),   InspectCommand(),   VersionCommand()};
  return *commands;
}

}  // namespace rootkeep::cli
