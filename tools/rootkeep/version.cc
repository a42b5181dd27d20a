#include <memory>
#include <nlohmann/json.hpp>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/output.h"

namespace rootkeep::cli {
namespace {

Action Declare(Options& options) {
  auto json = std::make_shared<bool>(false);
  options.Flag("--json", *json, "Print JSON");
  return [json]() -> Status {
    if (*json) {
      PrintJson({{"name", "rootkeep"}, {"version", ROOTKEEP_VERSION}});
    } else {
      PrintLine("rootkeep " ROOTKEEP_VERSION);
    }
    return Ok();
  };
}

}  // namespace

Command VersionCommand() {
  return {.group = "",
          .name = "version",
          .summary = "Which version this is",
          .example = "rootkeep version",
          .declare = Declare};
}

}  // namespace rootkeep::cli
