#include <fmt/format.h>

#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/key_catalog.h"
#include "tools/rootkeep/key_in_use.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  std::string config;
  std::string state;
  std::string key;
};

Status Retire(const Asked& asked) {
  RK_TRY(const std::string state, CatalogStateOf({.config = asked.config}, asked.state));
  if (state.empty()) return UsageError("in which catalogue? give --state, or --config");
  RK_TRY(const auto catalog, OpenCatalog(state));
  RK_TRY(const CatalogEntry entry, FindRow(*catalog, asked.key));
  RK_RETURN_IF_ERROR(CheckNotInUse(entry, asked.config, state));
  RK_RETURN_IF_ERROR(catalog->Retire(entry.label, SystemClock().Now()));
  PrintLine(fmt::format("{} is RETIRED: it stays in its token and signs nothing more", entry.label));
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  options.Text("--config", asked->config, "rootkeepd's configuration, to take the state directory and authorities from")
      .Text("--state", asked->state, "State directory with the key catalogue, instead of --config")
      .Argument("key", asked->key, "The key's label, or its name where that is enough");
  return [asked] { return Retire(*asked); };
}

}  // namespace

Command KeyRetireCommand() {
  return {.group = "key",
          .name = "retire",
          .summary = "Have a key sign nothing more, for good; refused for a key that an authority uses",
          .example = "rootkeep key retire --config /etc/rootkeep/rootkeepd.yaml rk/rootkeep-ca/mesh/1",
          .declare = Declare};
}

}  // namespace rootkeep::cli
