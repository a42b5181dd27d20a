#include "signer/node/enrolment.h"

#include <fmt/format.h>

namespace rootkeep {
namespace {

using Kind = Admission::Kind;

Error Refused(std::string_view reason, std::string message) {
  return PermissionDenied(std::move(message)).WithReason(reason);
}

Status CheckState(const Node& node) {
  switch (node.state) {
    case NodeState::kDenied: return Refused("node_denied", fmt::format("node {} was denied", node.id));
    case NodeState::kFailed:
      return Refused("node_failed",
                     fmt::format("node {} failed ({}) and was not approved since", node.id, node.reason));
    case NodeState::kReenrol:
      return Refused("node_reenrol",
                     fmt::format("the TPM of node {} was cleared, and the node not approved since", node.id));
    default: return Ok();
  }
}

Node NewNode(const Arrival& arrival, NodeState state, std::string_view group, std::string_view origin) {
  return {.id = arrival.claimed_node,
          .group = std::string(group),
          .state = state,
          .ek_sha256 = arrival.ek_sha256,
          .ek_origin = std::string(origin),
          .tpm = arrival.tpm};
}

// `entry` is the inventory's of the claimed node.
Result<Admission> OfBound(const Arrival& arrival, const Node& bound, const InventoryEntry* entry) {
  if (bound.id != arrival.claimed_node) {
    return Refused("node_claim",
                   fmt::format("it claims to be {}, and its EK is that of {}", arrival.claimed_node, bound.id));
  }
  // What an operator bound by hand stands against an inventory that was not mended yet.
  const bool by_hand = bound.ek_origin == "operator";
  const bool listed = entry != nullptr && entry->ek_sha256 == arrival.ek_sha256;
  if (entry != nullptr && !entry->ek_sha256.empty() && !listed && !by_hand) {
    return Refused("node_ek", fmt::format("node {} has another EK in the inventory by now", bound.id));
  }
  if (bound.ek_origin == "chain" && !listed && !arrival.chained) {
    return Refused("node_unchained",
                   fmt::format("node {} was enrolled by its EK's chain, which no pinned root vouches for any more ({})",
                               bound.id, arrival.unchained));
  }
  RK_RETURN_IF_ERROR(CheckState(bound));
  return Admission{Kind::kKnown, bound};
}

// It came first by its id, and nobody has said yet that it is the one.
bool OnlyClaims(const Node& node) { return node.state == NodeState::kHeld && node.enrolled_at == 0; }

// A node that is known comes with another TPM.
Result<Admission> OfNamed(const Arrival& arrival, const Node& named, const InventoryEntry* listed,
                          FirstEnrolment first) {
  if (named.state == NodeState::kDenied) RK_RETURN_IF_ERROR(CheckState(named));
  const bool beside = OnlyClaims(named) && first == FirstEnrolment::kHold;
  if (listed == nullptr && !arrival.chained && !beside) {
    return Refused("node_ek",
                   fmt::format("node {} has another EK, and this one is of no pinned manufacturer", named.id));
  }
  return Admission{Kind::kHeldBinding, named};
}

Result<Admission> OfInventory(const Arrival& arrival, const InventoryEntry& entry, const EnrolmentTerms& terms) {
  const std::string_view group = entry.group.empty() ? terms.default_group : std::string_view(entry.group);
  if (entry.ek_sha256 == arrival.ek_sha256) {
    return Admission{Kind::kNew, NewNode(arrival, NodeState::kApproved, group, "inventory")};
  }
  if (!entry.ek_sha256.empty()) {
    return Refused("node_ek", fmt::format("node {} has another EK in the inventory", entry.node));
  }
  if (!arrival.chained) {
    return Refused("node_unchained",
                   fmt::format("the EK of node {} is of no pinned manufacturer ({})", entry.node, arrival.unchained));
  }
  return Admission{Kind::kNew, NewNode(arrival, NodeState::kApproved, group, "chain")};
}

Result<Admission> OfUnknown(const Arrival& arrival, const EnrolmentTerms& terms) {
  if (terms.first == FirstEnrolment::kHold) {
    return Admission{Kind::kHeldNew, NewNode(arrival, NodeState::kHeld, terms.default_group, "")};
  }
  if (terms.first == FirstEnrolment::kAllowByChain && arrival.chained) {
    return Admission{Kind::kNew, NewNode(arrival, NodeState::kApproved, terms.default_group, "chain")};
  }
  return Refused("node_unknown", fmt::format("node {} is not enrolled", arrival.claimed_node));
}

}  // namespace

Result<Admission> DecideEnrolment(const Arrival& arrival, const std::optional<Node>& bound,
                                  const std::optional<Node>& named, const EnrolmentTerms& terms) {
  const InventoryEntry* listed = terms.inventory.FindEk(arrival.ek_sha256);
  if (listed != nullptr && listed->node != arrival.claimed_node) {
    return Refused("node_claim", fmt::format("it claims to be {}, and its EK is that of {} in the inventory",
                                             arrival.claimed_node, listed->node));
  }
  const InventoryEntry* entry = terms.inventory.FindNode(arrival.claimed_node);
  if (bound) return OfBound(arrival, *bound, entry);
  if (named && entry != nullptr && OnlyClaims(*named)) {
    RK_TRY(Admission admission, OfInventory(arrival, *entry, terms));
    admission.instead_of = named;
    return admission;
  }
  if (named) return OfNamed(arrival, *named, listed, terms.first);
  if (entry != nullptr) return OfInventory(arrival, *entry, terms);
  return OfUnknown(arrival, terms);
}

}  // namespace rootkeep
