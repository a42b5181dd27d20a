// The plugin's configuration.
#pragma once

#include <string>

#include "providers/spire/plugin/hcl/section.h"

namespace rootkeep::spire {

struct Settings {
  std::string socket;    // absolute path of the agent's key socket
  std::string instance;  // as CheckInstance has it

  friend bool operator==(const Settings&, const Settings&) = default;
};

// INVALID_ARGUMENT that names the key for one that is missing, wrong or unknown.
Result<Settings> ReadSettings(hcl::Section& section);

}  // namespace rootkeep::spire
