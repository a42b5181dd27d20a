#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/key_catalog.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  std::string config;
  std::string state;
  std::string key;
  std::vector<std::string> users;
};

Status Permit(const Asked& asked) {
  RK_TRY(const std::string state, CatalogStateOf({.config = asked.config}, asked.state));
  if (state.empty()) return UsageError("in which catalogue? give --state, or --config");
  RK_TRY(const auto catalog, OpenCatalog(state));
  RK_TRY(const CatalogEntry entry, FindRow(*catalog, asked.key));
  RK_RETURN_IF_ERROR(catalog->Permit(entry.label, asked.users));
  PrintLine(fmt::format("{} may be used by {}", entry.label,
                        asked.users.empty() ? "nobody" : fmt::format("{}", fmt::join(asked.users, ", "))));
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  options.Text("--config", asked->config, "rootkeepd's configuration, to take the state directory from")
      .Text("--state", asked->state, "State directory with the key catalogue, instead of --config")
      .List("--user", asked->users,
            "Who may sign with it from now on, instead of those before: rootkeepd, operator; may be repeated. Without: "
            "nobody")
      .Argument("key", asked->key, "The key's label, or its name where that is enough");
  return [asked] { return Permit(*asked); };
}

}  // namespace

Command KeyPermitCommand() {
  return {.group = "key",
          .name = "permit",
          .summary = "Say who may sign with a key (keystore/NAMES.md, Permitted users)",
          .example = "rootkeep key permit --config /etc/rootkeep/rootkeepd.yaml --user operator mesh-root",
          .declare = Declare};
}

}  // namespace rootkeep::cli
