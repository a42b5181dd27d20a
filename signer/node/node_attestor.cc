#include "signer/node/node_attestor.h"

#include <fmt/format.h>

#include <utility>

#include "attestation/verifier/boot_log_report.h"
#include "keystore/base/log.h"
#include "signer/der/pem.h"
#include "signer/node/evidence_record.h"
#include "signer/node/judgement.h"
#include "signer/node/pcr_text.h"

namespace rootkeep {
namespace {

using attestation::AttestEvidence;
using attestation::Verdict;
using Kind = NodeVerdict::Kind;

constexpr std::size_t kRememberedKeys = 16'384;
constexpr std::size_t kMaxExplanation = 16'384;  // octets

// The inventory may have moved the node since it was enrolled.
std::string GroupOf(const Node& node, const NodeRules& rules) {
  const InventoryEntry* entry = rules.inventory.FindNode(node.id);
  if (entry == nullptr) return node.group;
  return entry->group.empty() ? rules.default_group : entry->group;
}

Result<const NodeGroup*> FindGroup(const NodeRules& rules, const std::string& name) {
  const auto found = rules.groups.find(name);
  if (found != rules.groups.end()) return &found->second;
  return FailedPrecondition(fmt::format("there is no group {}", name)).WithReason("node_group");
}

std::string_view WordOf(Kind kind) {
  switch (kind) {
    case Kind::kAttested: return "attested";
    case Kind::kHeld: return "held";
    case Kind::kRefused: return "failed";
    case Kind::kRepeat: return "repeat";
  }
  return "unknown";
}

// What is answered once `change` is written.
Kind KindOf(NodeChange change, const Verdict& verdict) {
  switch (change) {
    case NodeChange::kAttest: return Kind::kAttested;
    case NodeChange::kHold:
    case NodeChange::kBinding: return Kind::kHeld;
    default: break;
  }
  const bool repeat = verdict.consequence == attestation::Consequence::kRepeat ||
                      verdict.reason == attestation::reason::kChallengeExpired;
  return repeat && !verdict.passed ? Kind::kRepeat : Kind::kRefused;
}

// Whose certificate may be asked for, and how long it may live.
void Vouch(const attestation::Attempt& attempt, const NodeRules& rules, const NodeCertificate& certificate,
           const NodeCall& call, NodeVerdict& verdict) {
  verdict.certificate = certificate.id;
  verdict.until = FromUnixSeconds(certificate.not_after);
  verdict.caller = {.identities = {{GeneralName::Kind::kUri, rules.uri.Uri(rules.trust_domain, certificate.node)}},
                    .method = AuthMethod::kAttestedNode,
                    .authenticator = "tpm",
                    .trust_domain = rules.trust_domain,
                    .node = certificate.node,
                    .attested_spki = attempt.node_spki(),
                    .attestation = certificate.attestation,
                    .attested_until = verdict.until,
                    .credential_id = ToHex(attempt.ek().spki_digest),
                    .peer = call.peer};
  verdict.request = {.csr_pem = der::ToPem(attempt.csr(), "CERTIFICATE REQUEST"),
                     .authority = rules.authority,
                     .request_id = call.request_id};
}

// Somebody else wrote about the same node first; what was decided here no longer holds.
Error Changed(Error error) {
  const bool raced =
      error.reason() == "node_state" || error.reason() == "db_unique" || error.reason() == "node_unknown";
  if (!raced) return error;
  return std::move(error).WithCode(Code::kAborted).WithReason("node_changed");
}

}  // namespace

NodeAttestor::NodeAttestor(Parts parts, NodeAttestorLimits limits)
    : parts_(parts),
      limits_(limits),
      networks_(limits.each_network, kRememberedKeys),
      tpms_(limits.each_tpm, kRememberedKeys),
      places_(limits.open_attempts) {}

Status NodeAttestor::Arrive(std::string_view peer) {
  return networks_.Take(NetworkOf(peer), std::chrono::steady_clock::now());
}

Result<std::unique_ptr<NodeAttempt>> NodeAttestor::Begin(attestation::AttestInit init, NodeCall call) {
  std::string claimed = IsNodeId(init.claimed_node_id) ? init.claimed_node_id : "";
  auto begun = BeginUncounted(std::move(init), call);
  if (begun.ok()) return begun;
  const Error& error = begun.error();
  parts_.metrics.CountAttestation("refused", error.reason());
  const auto without_line = refusals_.Admit(std::chrono::steady_clock::now());
  if (!without_line) return begun;
  log::Warning("node_attempt_refused", {{"request_id", call.request_id},
                                        {"claimed_node", claimed},
                                        {"reason", error.reason()},
                                        {"detail", error.ToString()},
                                        {"peer", call.peer},
                                        {"others_not_logged", *without_line}});
  return begun;
}

Result<std::unique_ptr<NodeAttempt>> NodeAttestor::BeginUncounted(attestation::AttestInit init, const NodeCall& call) {
  const std::string network = NetworkOf(call.peer);
  RK_TRY(std::shared_ptr<OpenPlaces::Place> place, places_.Take(network));
  if (!IsNodeId(init.claimed_node_id)) {
    return InvalidArgument("what it claims to be is not the id of a node").WithReason("node_id");
  }
  // By the EK as it is claimed, before anything is made of it.
  RK_TRY(const Bytes claimed_ek, attestation::TpmHash(attestation::Algorithm::kSha256, init.ek_public));
  RK_RETURN_IF_ERROR(tpms_.Take(ToHex(claimed_ek) + network, std::chrono::steady_clock::now()));
  auto rules = parts_.rules.Get();
  RK_TRY(auto verifier, attestation::Attempt::Begin(std::move(init), rules->manufacturers, parts_.clock.Now()));
  Arrival arrival = ArrivalOf(verifier);
  RK_TRY(Admission admission, Admit(arrival, *rules));
  if (admission.kind != Admission::Kind::kKnown) RK_RETURN_IF_ERROR(place->BecomeStrangers());
  std::string group_name = GroupOf(admission.node, *rules);
  RK_TRY(const NodeGroup* group, FindGroup(*rules, group_name));
  const auto& pcrs = group->policy.pcrs;
  RK_TRY(auto challenge, verifier.Challenge({.pcrs = attestation::SelectPcrs(pcrs.bank, pcrs.required),
                                             .deadline = parts_.clock.Now() + rules->answer_within,
                                             .server_identity = call.server_identity,
                                             .want_boot_log = group->want_boot_log}));
  auto attempt = std::unique_ptr<NodeAttempt>(
      new NodeAttempt(std::move(verifier), std::move(admission), std::move(rules), call, std::move(place)));
  attempt->arrival_ = std::move(arrival);
  attempt->group_ = std::move(group_name);
  attempt->challenge_ = std::move(challenge);
  return attempt;
}

Result<Admission> NodeAttestor::Admit(const Arrival& arrival, const NodeRules& rules) {
  RK_TRY(const auto bound, parts_.nodes.FindByEk(arrival.ek_sha256));
  RK_TRY(const auto named, parts_.nodes.Find(arrival.claimed_node));
  return DecideEnrolment(arrival, bound, named, {rules.inventory, rules.first_enrolment, rules.default_group});
}

Result<NodeVerdict> NodeAttestor::Judge(std::unique_ptr<NodeAttempt> attempt, const AttestEvidence& evidence) {
  auto verdict = Decide(*attempt, evidence);
  if (!verdict.ok()) {
    Error error = Changed(std::move(verdict).error());
    parts_.metrics.CountAttestation("refused", error.reason());
    log::Failure("node_attempt_not_judged", {{"request_id", attempt->call_.request_id},
                                             {"attestation", attempt->id()},
                                             {"node", attempt->admission_.node.id},
                                             {"reason", error.reason()},
                                             {"detail", error.ToString()}});
    return error;
  }
  Record(*attempt, *verdict);
  return verdict;
}

std::string NodeAttestor::Explain(const Verdict& verdict, const std::string& node, attestation::Algorithm bank,
                                  const AttestEvidence& evidence) {
  if (verdict.differing_pcrs.empty() || evidence.boot_log.empty()) return {};
  std::optional<attestation::QuotedBootLog> then;
  // Only words depend on it: without the earlier log there are fewer.
  const auto kept = parts_.nodes.BootLog(node);
  if (kept.ok() && kept->has_value()) {
    if (auto state = ParsePcrText((*kept)->pcrs); state && state->bank == bank) {
      then = attestation::QuotedBootLog{.log = (*kept)->log, .values = std::move(state->values)};
    }
  }
  const auto lines = attestation::ReportPcrs(verdict.differing_pcrs, {evidence.boot_log, verdict.pcrs}, then, bank);
  std::string text = fmt::format("{}", fmt::join(lines, "\n"));
  if (text.size() > kMaxExplanation) text.resize(kMaxExplanation);
  return text;
}

Result<NodeVerdict> NodeAttestor::Decide(NodeAttempt& attempt, const AttestEvidence& evidence) {
  const NodeRules& rules = *attempt.rules_;
  const Admission& admission = attempt.admission_;
  RK_TRY(const NodeGroup* group, FindGroup(rules, attempt.group_));
  RK_TRY(const auto present, parts_.nodes.FindByEk(attempt.arrival_.ek_sha256));
  if (admission.kind == Admission::Kind::kKnown) {
    // It has another TPM by now, or another attempt has put its clock further than this one's can be.
    const bool same = present && present->id == admission.node.id && present->clock == admission.node.clock;
    if (!same) return NodeChanged();
  }
  const auto last = present ? LastSeenOf(*present) : std::nullopt;
  const WallTime now = parts_.clock.Now();
  Verdict verdict = attempt.attempt_.Verify(evidence, group->policy, last, now);
  if (!verdict.passed && verdict.consequence == attestation::Consequence::kNoVerdict) {
    return Unavailable(fmt::format("no verdict ({}): {}", verdict.reason, verdict.explanation))
        .WithReason("no_verdict");
  }
  const attestation::Algorithm bank = group->policy.pcrs.bank;
  std::string explained = Explain(verdict, admission.node.id, bank, evidence);
  if (!explained.empty()) {
    // Which event is not allowed is the verdict's word alone.
    const bool of_values = verdict.reason == attestation::reason::kPcrMismatch;
    verdict.explanation = of_values ? std::move(explained) : verdict.explanation + "\n" + explained;
  }

  Judged judged{.verdict = verdict,
                .admission = admission,
                .arrival = attempt.arrival_,
                .group = attempt.group_,
                .peer = attempt.call_.peer,
                .evidence = EvidenceOf(verdict, bank, ToUnixSeconds(now)),
                .ak_name = attempt.attempt_.ak_name(),
                .until = ToUnixSeconds(now + rules.lifetime)};
  if (verdict.passed) judged.boot_log = {.pcrs = judged.evidence.pcrs, .log = evidence.boot_log};
  judged.evidence.attestation = attempt.id();
  judged.evidence.policy = group->version;
  // Of who has not the EK nothing is remembered.
  if (verdict.activated) {
    RK_TRY(judged.evidence.sha256, EvidenceDigest(evidence));
  }
  NodeCertificate certificate{.node = admission.node.id,
                              .attestation = attempt.id(),
                              .request_id = attempt.call_.request_id,
                              .asked_at = judged.evidence.at,
                              .not_after = judged.until};
  const NodeChange change = ChangeFor(verdict, admission);
  RK_RETURN_IF_ERROR(Write(parts_.nodes, change, judged, certificate));

  NodeVerdict answer{.kind = KindOf(change, verdict),
                     .reason = verdict.reason,
                     .explanation = verdict.explanation,
                     .generation = verdict.generation};
  if (answer.kind == Kind::kHeld) answer.reason = HeldReason(verdict, admission);
  if (answer.kind == Kind::kAttested) Vouch(attempt.attempt_, rules, certificate, attempt.call_, answer);
  return answer;
}

void NodeAttestor::Record(const NodeAttempt& attempt, const NodeVerdict& verdict) {
  parts_.metrics.CountAttestation(WordOf(verdict.kind), verdict.reason);
  const bool good = verdict.kind == Kind::kAttested;
  log::Write(good ? log::Level::kInfo : log::Level::kWarning, "node_judged",
             {{"request_id", attempt.call_.request_id},
              {"attestation", attempt.id()},
              {"verdict", WordOf(verdict.kind)},
              {"reason", verdict.reason},
              {"detail", verdict.explanation},
              {"node", attempt.admission_.node.id},
              {"ek_sha256", attempt.arrival_.ek_sha256},
              {"group", attempt.group_},
              {"generation", verdict.generation},
              {"peer", attempt.call_.peer}});
}

void NodeAttestor::Complete(const NodeVerdict& verdict, const std::string& serial, WallTime not_after) {
  const Status completed = parts_.nodes.Complete(verdict.certificate, serial, ToUnixSeconds(not_after));
  if (completed.ok()) return;
  log::Failure("node_certificate_not_completed",
               {{"node", verdict.caller.node}, {"serial", serial}, {"detail", completed.error().ToString()}});
}

}  // namespace rootkeep
