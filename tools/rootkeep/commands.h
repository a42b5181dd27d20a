// One function a command; each is defined in the file of its name.
#pragma once

#include "tools/rootkeep/command.h"

namespace rootkeep::cli {

Command InspectCommand();
Command VersionCommand();

}  // namespace rootkeep::cli
