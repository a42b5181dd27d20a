#include "signer/node/node.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace rootkeep {
namespace {

constexpr std::array<std::pair<NodeState, std::string_view>, 6> kNames{{{NodeState::kHeld, "held"},
                                                                        {NodeState::kApproved, "approved"},
                                                                        {NodeState::kAttested, "attested"},
                                                                        {NodeState::kFailed, "failed"},
                                                                        {NodeState::kDenied, "denied"},
                                                                        {NodeState::kReenrol, "re-enrol required"}}};

bool MayProveItself(const Node& node) {
  return node.state == NodeState::kApproved || node.state == NodeState::kAttested;
}

Error WrongState(const Node& node, std::string_view change) {
  return FailedPrecondition(fmt::format("node {} is {}: it cannot be {}", node.id, NodeStateName(node.state), change))
      .WithReason("node_state");
}

void Enter(Node& node, NodeState state, std::string_view reason, std::string explanation, std::int64_t now) {
  if (node.state != state) node.state_since = now;
  node.state = state;
  node.reason = reason;
  node.explanation = std::move(explanation);
}

}  // namespace

std::string_view NodeStateName(NodeState state) {
  for (const auto& [known, name] : kNames) {
    if (known == state) return name;
  }
  return "unknown";
}

std::optional<NodeState> NodeStateFromName(std::string_view name) {
  for (const auto& [state, known] : kNames) {
    if (known == name) return state;
  }
  return std::nullopt;
}

std::string_view StandingOf(const Node& node, std::int64_t now) {
  const bool ended = node.state == NodeState::kAttested && node.attested_until <= now;
  return ended ? kAttestationEnded : NodeStateName(node.state);
}

Result<Node> Attested(Node node, const NodePass& pass) {
  if (!MayProveItself(node)) return WrongState(node, "attested");
  Enter(node, NodeState::kAttested, "", "", pass.evidence.at);
  node.evidence = pass.evidence;
  node.ak_name = pass.ak_name;
  node.clock = pass.clock;
  node.attested_until = pass.until;
  return node;
}

Result<Node> Failed(Node node, const NodeEvidence& evidence, const NodeFailure& failure) {
  if (!MayProveItself(node) && node.state != NodeState::kHeld) return WrongState(node, "judged");
  node.evidence = evidence;
  // One that is held is refused already, and for the operator's reason.
  if (node.state == NodeState::kHeld) return node;
  const NodeState state = failure.enrol_again ? NodeState::kReenrol : NodeState::kFailed;
  Enter(node, state, failure.reason, failure.explanation, evidence.at);
  node.attested_until = 0;
  return node;
}

Result<Node> Held(Node node, const NodeEvidence& evidence, std::string_view reason, std::string explanation) {
  if (!MayProveItself(node) && node.state != NodeState::kHeld) return WrongState(node, "held");
  Enter(node, NodeState::kHeld, reason, std::move(explanation), evidence.at);
  node.evidence = evidence;
  node.attested_until = 0;
  return node;
}

Result<Node> Approved(Node node, std::int64_t now) {
  if (MayProveItself(node)) return WrongState(node, "approved");
  Enter(node, NodeState::kApproved, "", "", now);
  if (node.enrolled_at == 0) node.enrolled_at = now;
  node.ak_name.clear();
  node.clock.reset();
  return node;
}

Node Rebound(Node node, std::string ek_sha256, std::string tpm, std::int64_t now) {
  Enter(node, NodeState::kApproved, "", "", now);
  if (node.enrolled_at == 0) node.enrolled_at = now;
  node.ek_sha256 = std::move(ek_sha256);
  node.ek_origin = "operator";
  node.tpm = std::move(tpm);
  node.attested_until = 0;
  node.ak_name.clear();
  node.clock.reset();
  return node;
}

Result<Node> Denied(Node node, std::string explanation, std::int64_t now) {
  if (node.state == NodeState::kDenied) return WrongState(node, "denied");
  Enter(node, NodeState::kDenied, "operator", std::move(explanation), now);
  node.attested_until = 0;
  return node;
}

}  // namespace rootkeep
