#include "tools/rootkeep/commands.h"

namespace rootkeep::cli {

const std::vector<Command>& Commands() {
  static const auto* commands = new std::vector<Command>{InspectCommand(), VersionCommand()};
  return *commands;
}

}  // namespace rootkeep::cli
