#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/node_options.h"
#include "tools/rootkeep/output.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  NodeOptionsGiven nodes;
  std::string node;
  std::string ek;
};

// Whoever approves an id alone approves the TPM that is there: somebody must have accepted it before, and no other may
// ask for its place.
Status CheckOnlyOne(const Node& node, const std::vector<BindingRequest>& requests) {
  const bool rivals =
      std::ranges::any_of(requests, [&](const BindingRequest& request) { return request.node == node.id; });
  if (node.enrolled_at != 0 && !rivals) return Ok();
  const std::string why =
      rivals ? "more than one TPM wants to be node {}" : "nobody has approved the TPM of node {} yet";
  return FailedPrecondition(fmt::format(fmt::runtime(why), node.id))
      .WithReason("node_ek")
      .WithHint(fmt::format("say which by --ek; rootkeep node show {} lists them", node.id));
}

Status Approve(const Asked& asked) {
  RK_TRY(const auto store, OpenNodes(asked.nodes));
  RK_TRY(const std::string ek, EkOf(asked.ek));
  RK_TRY(const Node node, FindNode(*store, asked.node));
  RK_TRY(const auto requests, store->BindingRequests());
  const std::int64_t now = ToUnixSeconds(SystemClock().Now());
  if (!ek.empty() && ek != node.ek_sha256) {
    RK_RETURN_IF_ERROR(store->Bind(node.id, ek, OperatorName(), now));
    PrintLine(fmt::format("node {} has the TPM with EK {} from now on, and may prove itself", node.id, ek));
    return Ok();
  }
  if (ek.empty()) RK_RETURN_IF_ERROR(CheckOnlyOne(node, requests));
  const auto approve = [&](Node present) -> Result<Node> {
    if (present.ek_sha256 == node.ek_sha256) return Approved(std::move(present), now);
    return FailedPrecondition(fmt::format("node {} has got another TPM meanwhile", node.id)).WithReason("node_ek");
  };
  RK_RETURN_IF_ERROR(store->Update(node.id, approve, OperatorName(), now));
  PrintLine(fmt::format("node {} may prove itself with the TPM with EK {}", node.id, node.ek_sha256));
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareNodeOptions(options, asked->nodes);
  options.Argument("node", asked->node, "A node's id")
      .Text(
          "--ek", asked->ek,
          "SHA-256 (hexadecimal) of the EK that is to be this node's; may be left out where nobody else wants to be it "
          "and its TPM was accepted before");
  return [asked] { return Approve(*asked); };
}

}  // namespace

Command NodeApproveCommand() {
  return {
      .group = "node",
      .name = "approve",
      .summary = "Let a node that is held, failed, denied or to be enrolled anew prove itself, or give it another TPM",
      .example =
          "rootkeep node approve --state /var/lib/rootkeep worker-7 --ek "
          "9716886b1bed344f4b1ab9c4a7b4b6c2f0e1a8d3c5b7e9f1a3c5d7e9f1b3d5f7",
      .declare = Declare};
}

}  // namespace rootkeep::cli
