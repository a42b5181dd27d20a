#include "signer/node/judgement.h"

#include <utility>

namespace rootkeep {
namespace {

using Kind = Admission::Kind;

constexpr std::string_view kEnrolment = "enrolment";
constexpr std::string_view kBinding = "binding";
constexpr std::string_view kLearning = "learning";

bool IsRight(const attestation::Verdict& verdict) { return verdict.passed || verdict.learned; }

Node Enrolled(const Judged& judged) {
  Node node = judged.admission.node;
  const std::int64_t now = judged.evidence.at;
  node.group = judged.group;
  node.state_since = now;
  if (judged.admission.kind == Kind::kNew) node.enrolled_at = now;
  if (judged.admission.kind == Kind::kHeldNew) {
    node.reason = kEnrolment;
    node.evidence = judged.evidence;
  }
  return node;
}

NodePass PassOf(const Judged& judged) {
  const attestation::ClockInfo& clock = judged.verdict.clock;
  return {.evidence = judged.evidence,
          .ak_name = judged.ak_name,
          .clock = {.clock = clock.clock,
                    .reset_count = clock.reset_count,
                    .restart_count = clock.restart_count,
                    .safe = clock.safe},
          .until = judged.until};
}

Result<Node> Apply(NodeChange change, Node node, const Judged& judged) {
  // An operator may have bound another TPM meanwhile, or another attempt of this one may have ended first: against what
  // is remembered now this evidence was not judged.
  if (node.ek_sha256 != judged.arrival.ek_sha256 || node.clock != judged.admission.node.clock) {
    return NodeChanged();
  }
  const attestation::Verdict& verdict = judged.verdict;
  node.group = judged.group;
  switch (change) {
    case NodeChange::kAttest: return Attested(std::move(node), PassOf(judged));
    case NodeChange::kFail:
      return Failed(
          std::move(node), judged.evidence,
          {verdict.reason, verdict.explanation, verdict.consequence == attestation::Consequence::kEnrolAgain});
    case NodeChange::kHold: {
      const std::string_view reason = HeldReason(verdict, judged.admission);
      return Held(std::move(node), judged.evidence, reason, verdict.learned ? verdict.explanation : "");
    }
    default: return node;
  }
}

}  // namespace

Error NodeChanged() {
  return Error(Code::kAborted, "the node was changed while its evidence was on its way").WithReason("node_changed");
}

NodeChange ChangeFor(const attestation::Verdict& verdict, const Admission& admission) {
  if (IsRight(verdict)) {
    if (admission.kind == Kind::kHeldBinding) return NodeChange::kBinding;
    const bool held = admission.kind == Kind::kHeldNew || admission.node.state == NodeState::kHeld;
    return held || verdict.learned ? NodeChange::kHold : NodeChange::kAttest;
  }
  const bool failed = verdict.consequence == attestation::Consequence::kFailed ||
                      verdict.consequence == attestation::Consequence::kEnrolAgain;
  if (!verdict.activated || !failed) return NodeChange::kNone;
  const bool of_inventory = admission.kind == Kind::kNew && admission.node.ek_origin == "inventory";
  return admission.kind == Kind::kKnown || of_inventory ? NodeChange::kFail : NodeChange::kNone;
}

std::string_view HeldReason(const attestation::Verdict& verdict, const Admission& admission) {
  if (admission.kind == Kind::kHeldBinding) return kBinding;
  if (admission.kind == Kind::kHeldNew) return kEnrolment;
  if (admission.node.state == NodeState::kHeld) return admission.node.reason;
  return verdict.learned ? kLearning : "";
}

Status Write(NodeStore& nodes, NodeChange change, const Judged& judged, NodeCertificate& certificate) {
  const Node& node = judged.admission.node;
  const std::int64_t now = judged.evidence.at;
  switch (change) {
    case NodeChange::kNone: return Ok();
    case NodeChange::kBinding:
      return nodes.RequestBinding({.ek_sha256 = judged.arrival.ek_sha256,
                                   .node = node.id,
                                   .tpm = judged.arrival.tpm,
                                   .peer = judged.peer,
                                   .asked_at = now,
                                   .seen_at = now});
    default: break;
  }
  if (judged.admission.kind == Kind::kHeldNew) return nodes.Insert(Enrolled(judged), now);
  const bool right = change == NodeChange::kAttest;
  const NodeStore::Along along{.certificate = right ? &certificate : nullptr,
                               .boot_log = right && !judged.boot_log.log.empty() ? &judged.boot_log : nullptr};
  const auto apply = [&](Node present) { return Apply(change, std::move(present), judged); };
  if (judged.admission.kind == Kind::kNew) {
    RK_RETURN_IF_ERROR(nodes.Enrol({Enrolled(judged), judged.admission.instead_of}, apply, now, along));
    return Ok();
  }
  RK_RETURN_IF_ERROR(nodes.Update(node.id, apply, NodeStore::kService, now, along));
  return Ok();
}

}  // namespace rootkeep
