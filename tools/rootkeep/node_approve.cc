#include <fmt/format.h>

#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/node_options.h"
#include "tools/rootkeep/output.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  NodeOptionsGiven nodes;
  std::string which;
};

Status Approve(const Asked& asked) {
  RK_TRY(const auto store, OpenNodes(asked.nodes));
  const std::int64_t now = ToUnixSeconds(SystemClock().Now());
  if (IsEkDigest(asked.which)) {
    RK_TRY(const Node node, store->Bind(asked.which, OperatorName(), now));
    PrintLine(fmt::format("node {} has the TPM with EK {} from now on, and may prove itself", node.id, node.ek_sha256));
    return Ok();
  }
  RK_TRY(const Node node,
         store->Update(asked.which, [&](Node old) { return Approved(std::move(old), now); }, OperatorName(), now));
  PrintLine(fmt::format("node {} may prove itself", node.id));
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareNodeOptions(options, asked->nodes);
  options.Argument("which", asked->which, "A node's id, or the EK (SHA-256, hexadecimal) that asks to become a node's");
  return [asked] { return Approve(*asked); };
}

}  // namespace

Command NodeApproveCommand() {
  return {
      .group = "node",
      .name = "approve",
      .summary = "Let a node that is held, failed, denied or to be enrolled anew prove itself, or give it another TPM",
      .example = "rootkeep node approve --state /var/lib/rootkeep worker-7",
      .declare = Declare};
}

}  // namespace rootkeep::cli
