// One function a command; each is defined in the file of its name.
#pragma once

#include "tools/rootkeep/command.h"

namespace rootkeep::cli {

Command CaInitCommand();
Command CaInstallCommand();
Command CaRequestCommand();
Command InspectCommand();
Command KeyCreateCommand();
Command KeyListCommand();
Command KeyShowCommand();
Command RequestCommand();
Command VersionCommand();

}  // namespace rootkeep::cli
