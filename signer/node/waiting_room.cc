#include "signer/node/waiting_room.h"

#include <fmt/format.h>

namespace rootkeep {
namespace {

using store::Column;
using store::Database;

Status CheckCount(Database& database, const std::string& from, std::string_view value, std::size_t most) {
  RK_TRY(store::Statement query,
         database.Prepare("SELECT COUNT(*) FROM " + from + " = :value", {Column::kText}, {Column::kInteger}));
  query.Bind(value);
  RK_RETURN_IF_ERROR(query.Start());
  RK_TRY(const bool found, query.Next());
  if (found && query.integer(0) < static_cast<std::int64_t>(most)) return Ok();
  return ResourceExhausted(fmt::format("{} wait for an operator already", most))
      .WithReason("node_waiting")
      .WithHint("rootkeep node list --only held");
}

// `waiting`: rows of them, up to a column that is to be equal to something.
Status CheckRoom(Database& database, const std::string& waiting, const std::string& tpm) {
  RK_RETURN_IF_ERROR(CheckCount(database, waiting + " ''", "", NodeStore::kMaxWaiting));
  if (!tpm.empty()) return Ok();
  return CheckCount(database, waiting + " tpm", "", NodeStore::kMaxUnvouched);
}

}  // namespace

Status CheckRoomToBeHeld(Database& database, const Node& node) {
  return CheckRoom(database, fmt::format("nodes WHERE state = {} AND", static_cast<int>(NodeState::kHeld)), node.tpm);
}

Status CheckRoomToAsk(Database& database, const BindingRequest& request) {
  RK_RETURN_IF_ERROR(CheckRoom(database, "node_bindings WHERE", request.tpm));
  return CheckCount(database, "node_bindings WHERE node", request.node, NodeStore::kMaxRivals);
}

}  // namespace rootkeep
