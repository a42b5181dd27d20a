#include "signer/node/recorded_nodes.h"

#include <fmt/format.h>

#include <utility>

#include "signer/authn/refusal.h"
#include "signer/ledger/open_ledger.h"
#include "signer/profile/profile.h"

namespace rootkeep {
namespace {

constexpr std::size_t kMostOfOneSerial = 8;  // one for each issuer there has been

std::string_view ReasonOf(NodeState state) {
  switch (state) {
    case NodeState::kHeld: return refusal::kNodeHeld;
    case NodeState::kApproved:
    case NodeState::kAttested: return refusal::kNodeUnproved;
    case NodeState::kFailed: return refusal::kNodeFailed;
    case NodeState::kDenied: return refusal::kNodeDenied;
    case NodeState::kReenrol: return refusal::kNodeReenrol;
  }
  return refusal::kNodeUnproved;
}

}  // namespace

Result<NodeRegistry::Entry> JudgeRecordedNode(const Intent& issued, const std::optional<Node>& node, WallTime now) {
  if (!node) {
    return Refusal(refusal::kNodeUnknown, fmt::format("there is no node {} any more", issued.node));
  }
  if (node->state != NodeState::kAttested) {
    return Refusal(ReasonOf(node->state), fmt::format("node {} is {}", node->id, NodeStateName(node->state)));
  }
  if (issued.credential_id != node->ek_sha256) {
    return Refusal(refusal::kNodeEk, fmt::format("node {} has another TPM than when it was certified", node->id));
  }
  if (issued.intended_at < node->state_since) {
    return Refusal(refusal::kNodeCertificateOld,
                   fmt::format("the certificate of node {} is from before it was attested anew", node->id));
  }
  if (ToUnixSeconds(now) >= node->attested_until) {
    return Refusal(refusal::kNodeLapsed, fmt::format("the attestation of node {} counted until {}", node->id,
                                                     ToRfc3339(FromUnixSeconds(node->attested_until))));
  }
  return NodeRegistry::Entry{node->id, issued.attestation, node->ak_name};
}

Result<std::unique_ptr<RecordedNodes>> RecordedNodes::Open(const std::string& database_path,
                                                           std::chrono::nanoseconds remember_for) {
  RK_TRY(auto ledger, OpenLedgerReadOnly(database_path));
  RK_TRY(auto nodes, NodeStore::Look(database_path));
  return std::unique_ptr<RecordedNodes>(new RecordedNodes(std::move(ledger), std::move(nodes), remember_for));
}

Result<NodeRegistry::Entry> RecordedNodes::Find(const NodeLeaf& certificate, WallTime now) const {
  const auto known = found_.Find(certificate.tbs_sha256);
  if (known != nullptr && std::chrono::steady_clock::now() < known->until) {
    // What it says no to may have changed for the better since.
    if (auto entry = JudgeRecordedNode(known->issued, known->node, now); entry.ok()) return entry;
  }
  RK_TRY(auto found, Look(certificate));
  auto entry = JudgeRecordedNode(found->issued, found->node, now);
  if (entry.ok()) found_.Insert(certificate.tbs_sha256, std::move(found));
  return entry;
}

Result<std::shared_ptr<const RecordedNodes::Found>> RecordedNodes::Look(const NodeLeaf& certificate) const {
  const Deadline until = std::chrono::steady_clock::now() + remember_for_;
  RK_TRY(Intent issued, IssuedAs(certificate));
  RK_TRY(std::optional<Node> node, nodes_->Find(issued.node));
  return std::make_shared<const Found>(Found{std::move(issued), std::move(node), until});
}

Result<Intent> RecordedNodes::IssuedAs(const NodeLeaf& certificate) const {
  RK_TRY(auto entries, ledger_->List({.serial = certificate.serial_hex, .limit = kMostOfOneSerial}));
  for (LedgerEntry& entry : entries) {
    if (entry.status == EntryStatus::kFailed || entry.intent.profile != ProfileName(ProfileKind::kNode)) continue;
    RK_TRY(const Sha256Digest tbs, Sha256(entry.intent.tbs));
    if (tbs != certificate.tbs_sha256) continue;
    entry.intent.tbs.clear();
    return std::move(entry.intent);
  }
  return Refusal(refusal::kNodeCertificateUnknown,
                 fmt::format("certificate {} is not one that this CA issued to a node", certificate.serial_hex));
}

}  // namespace rootkeep
