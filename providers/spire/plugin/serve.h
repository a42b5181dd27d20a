// The whole of a plugin's process: one call in main.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "providers/spire/plugin/config_service.h"
#include "providers/spire/plugin/named_service.h"

namespace rootkeep::spire {

// Borrowed for the process's life, whole: nothing in it is called after Serve has returned, unless that was in a hurry.
struct Plugin {
  std::string type;  // as in SPIRE's configuration, for example "KeyManager"
  std::vector<NamedService> services;
  Configurable* configurable = nullptr;
  // The host lets go of the plugin: streams end, connections close. May be called more than once, and not at all.
  std::function<void()> deinit = [] {};
};

// Serves `plugin` until the host ends it; the process's exit status: 0 as asked, 1 when it could not start, said on
// standard error. To be called first in main, before anything is printed and before there are threads: standard
// output becomes the handshake, signals are ignored (the host says when to end, spire.md §1.9), and the log
// becomes what go-plugin reads. Nothing that a service throws ends the process.
int Serve(const Plugin& plugin);

}  // namespace rootkeep::spire
