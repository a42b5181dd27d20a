// One command of `rootkeep`, as its row in the table that main walks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "keystore/base/result.h"
#include "tools/rootkeep/options.h"

namespace rootkeep::cli {

// What a command does once its line has been parsed.
using Action = std::function<Status()>;

struct Command {
  std::string group;    // "key" in `rootkeep key create`, "node policy" in `rootkeep node policy test`; or empty
  std::string name;     // "create"
  std::string summary;  // one line
  std::string example;  // a whole line a person can paste; shown by --help
  Action (*declare)(Options& options);
};

// Every command, in the order --help lists them.
const std::vector<Command>& Commands();

}  // namespace rootkeep::cli
