#include <fmt/format.h>

#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/node_options.h"
#include "tools/rootkeep/output.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  NodeOptionsGiven nodes;
  std::string node;
};

Status Remove(const Asked& asked) {
  RK_TRY(const auto store, OpenNodes(asked.nodes));
  RK_RETURN_IF_ERROR(store->Remove(asked.node, OperatorName(), ToUnixSeconds(SystemClock().Now())));
  PrintLine(fmt::format("node {} is forgotten, and its TPM free; who comes next by that id is judged as anybody",
                        asked.node));
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareNodeOptions(options, asked->nodes);
  options.Argument("node", asked->node, "The node's id");
  return [asked] { return Remove(*asked); };
}

}  // namespace

Command NodeRemoveCommand() {
  return {.group = "node",
          .name = "remove",
          .summary = "Forget a node; to keep it out, deny it",
          .example = "rootkeep node remove --state /var/lib/rootkeep worker-7",
          .declare = Declare};
}

}  // namespace rootkeep::cli
