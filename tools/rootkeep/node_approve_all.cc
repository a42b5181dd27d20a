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
  std::string reason;
  std::string group;
};

// A node whose TPM was accepted before and that is kept from proving itself for this reason alone. Cleared TPMs, and
// those that nobody has looked at, are one decision each.
bool IsMeant(const Node& node, const Asked& asked) {
  const bool waits = node.state == NodeState::kFailed || node.state == NodeState::kHeld;
  return waits && node.enrolled_at != 0 && node.reason == asked.reason &&
         (asked.group.empty() || node.group == asked.group);
}

Status ApproveOne(NodeStore& store, const Node& node, const Asked& asked, std::int64_t now) {
  const auto approve = [&](Node present) -> Result<Node> {
    const bool same = IsMeant(present, asked) && present.ek_sha256 == node.ek_sha256;
    if (same) return Approved(std::move(present), now);
    return FailedPrecondition("it was changed meanwhile").WithReason("node_state");
  };
  RK_RETURN_IF_ERROR(store.Update(node.id, approve, OperatorName(), now));
  return Ok();
}

Status ApproveAll(const Asked& asked) {
  RK_TRY(const auto store, OpenNodes(asked.nodes));
  RK_TRY(const auto nodes, store->List());
  RK_TRY(const auto requests, store->BindingRequests());
  const std::int64_t now = ToUnixSeconds(SystemClock().Now());
  std::size_t left_out = 0;
  for (const Node& node : nodes) {
    if (!IsMeant(node, asked)) continue;
    const bool rivals = std::ranges::find(requests, node.id, &BindingRequest::node) != requests.end();
    const Status approved =
        rivals ? Status(FailedPrecondition("more than one TPM wants to be it")) : ApproveOne(*store, node, asked, now);
    PrintLine(approved.ok() ? fmt::format("node {} may prove itself", node.id)
                            : fmt::format("node {} is left out: {}", node.id, approved.error().message()));
    if (!approved.ok()) ++left_out;
  }
  if (left_out == 0) return Ok();
  return FailedPrecondition(fmt::format("{} nodes were left out", left_out))
      .WithHint("rootkeep node approve NODE --ek EK");
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareNodeOptions(options, asked->nodes);
  options
      .Required("--reason", asked->reason,
                "Why they failed or are held, as node list --json has it: pcr_mismatch, learning")
      .Text("--group", asked->group, "Only nodes of this group");
  return [asked] { return ApproveAll(*asked); };
}

}  // namespace

Command NodeApproveAllCommand() {
  return {.group = "node",
          .name = "approve-all",
          .summary =
              "Let all nodes prove themselves that failed or are held for one reason, after an update or in learn mode",
          .example = "rootkeep node approve-all --state /var/lib/rootkeep --reason pcr_mismatch --group workers",
          .declare = Declare};
}

}  // namespace rootkeep::cli
