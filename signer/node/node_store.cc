#include "signer/node/node_store.h"

#include <fmt/format.h>

#include <utility>

#include "signer/node/node_rows.h"
#include "signer/node/waiting_room.h"
#include "signer/store/execute.h"
#include "signer/store/schema.h"

namespace rootkeep {
namespace {

using store::Database;
using store::Execute;
using store::Transact;

Error NoNode(std::string_view id) {
  return NotFound(fmt::format("there is no node {}", id)).WithReason("node_unknown");
}

Result<std::unique_ptr<Database>> OpenDatabase(const std::string& path, bool read_only) {
  RK_TRY(auto database, Database::Open({.path = path, .read_only = read_only}));
  RK_RETURN_IF_ERROR(store::CheckSchema(*database));
  return database;
}

std::optional<Node> FirstOf(std::vector<Node> nodes) {
  if (nodes.empty()) return std::nullopt;
  return std::move(nodes.front());
}

// What the history says about the node's state.
NodeEvent EventOf(const Node& node, std::string_view by, std::int64_t now) {
  return {.at = now,
          .node = node.id,
          .state = std::string(NodeStateName(node.state)),
          .detail = node.explanation.empty() ? node.reason : node.explanation,
          .by = std::string(by)};
}

Status InsertCertificate(Database& database, NodeCertificate& certificate) {
  RK_RETURN_IF_ERROR(Execute(database,
                             "INSERT INTO node_certificates (node, attestation, request_id, serial, status,"
                             " asked_at, not_after) VALUES (:node, :attestation, :request_id, :serial,"
                             " :status, :asked_at, :not_after)",
                             certificate.node, certificate.attestation, certificate.request_id, certificate.serial,
                             static_cast<std::int64_t>(certificate.status), certificate.asked_at,
                             certificate.not_after));
  RK_TRY(certificate.id, database.LastInsertId("node_certificates"));
  return Ok();
}

Result<Node> Get(Database& database, std::string_view id) {
  RK_TRY(auto found, node_rows::Select(database, "node", id));
  if (found.empty()) return NoNode(id);
  return std::move(found.front());
}

Result<BindingRequest> TakeRequest(Database& database, std::string_view node, std::string_view ek_sha256) {
  RK_TRY(auto found, node_rows::SelectBindings(database, ek_sha256));
  if (ek_sha256.empty() || found.empty() || found.front().node != node) {
    return NotFound(fmt::format("no TPM with EK {} asks to become node {}'s", ek_sha256, node))
        .WithReason("binding_unknown")
        .WithHint("rootkeep node list");
  }
  RK_RETURN_IF_ERROR(Execute(database, "DELETE FROM node_bindings WHERE ek_sha256 = :ek", ek_sha256));
  return std::move(found.front());
}

Status Note(Database& database, const NodeEvent& event) {
  RK_RETURN_IF_ERROR(Execute(database,
                             "INSERT INTO node_events (at, node, state, detail, done_by)"
                             " VALUES (:at, :node, :state, :detail, :done_by)",
                             event.at, event.node, event.state, event.detail, event.by));
  return Ok();
}

Status AddNode(Database& database, const Node& node, std::int64_t now) {
  if (node.state == NodeState::kHeld) RK_RETURN_IF_ERROR(CheckRoomToBeHeld(database, node));
  RK_RETURN_IF_ERROR(node_rows::Insert(database, node));
  return Note(database, EventOf(node, NodeStore::kService, now));
}

Result<Node> ChangeNode(Database& database, std::string_view id, const NodeStore::Change& change, std::string_view by,
                        std::int64_t now, const NodeStore::Along& along) {
  RK_TRY(const Node node, Get(database, id));
  RK_TRY(Node changed, change(node));
  RK_RETURN_IF_ERROR(node_rows::Update(database, changed));
  if (along.certificate != nullptr) RK_RETURN_IF_ERROR(InsertCertificate(database, *along.certificate));
  if (along.boot_log != nullptr) RK_RETURN_IF_ERROR(node_rows::ReplaceBootLog(database, id, *along.boot_log));
  const bool same = node.state == changed.state && node.reason == changed.reason;
  if (!same) RK_RETURN_IF_ERROR(Note(database, EventOf(changed, by, now)));
  return changed;
}

// What only claimed the id and was never approved goes; where it is no more, the id is taken.
Status TakeAway(Database& database, const Node& claim, std::int64_t now) {
  RK_TRY(const std::int64_t removed,
         Execute(database,
                 "DELETE FROM nodes WHERE node = :node AND ek_sha256 = :ek AND state = :held AND"
                 " enrolled_at = 0",
                 claim.id, claim.ek_sha256, static_cast<std::int64_t>(NodeState::kHeld)));
  if (removed == 0) return Ok();
  return Note(database, {.at = now,
                         .node = claim.id,
                         .state = "removed",
                         .detail = fmt::format("EK {} gives way to the inventory's", claim.ek_sha256),
                         .by = std::string(NodeStore::kService)});
}

}  // namespace

Result<std::unique_ptr<NodeStore>> NodeStore::Open(const std::string& database_path) {
  RK_TRY(auto database, OpenDatabase(database_path, false));
  return std::unique_ptr<NodeStore>(new NodeStore(std::move(database)));
}

Result<std::unique_ptr<NodeStore>> NodeStore::Look(const std::string& database_path) {
  RK_TRY(auto database, OpenDatabase(database_path, true));
  return std::unique_ptr<NodeStore>(new NodeStore(std::move(database)));
}

Result<std::optional<Node>> NodeStore::Find(std::string_view id) {
  const MutexLock lock(mutex_);
  RK_TRY(auto found, node_rows::Select(*database_, "node", id));
  return FirstOf(std::move(found));
}

Result<std::optional<Node>> NodeStore::FindByEk(std::string_view ek_sha256) {
  if (ek_sha256.empty()) return std::optional<Node>();
  const MutexLock lock(mutex_);
  RK_TRY(auto found, node_rows::Select(*database_, "ek_sha256", ek_sha256));
  return FirstOf(std::move(found));
}

Result<std::vector<Node>> NodeStore::List() {
  const MutexLock lock(mutex_);
  return node_rows::Select(*database_, "", "");
}

Result<NodeStandings> NodeStore::Standings(std::int64_t now) {
  const MutexLock lock(mutex_);
  return node_rows::CountStandings(*database_, now);
}

Result<std::vector<BindingRequest>> NodeStore::BindingRequests() {
  const MutexLock lock(mutex_);
  return node_rows::SelectBindings(*database_, "");
}

Result<std::vector<NodeCertificate>> NodeStore::Certificates(std::string_view node) {
  const MutexLock lock(mutex_);
  return node_rows::SelectCertificates(*database_, node);
}

Result<std::optional<NodeBootLog>> NodeStore::BootLog(std::string_view node) {
  const MutexLock lock(mutex_);
  return node_rows::SelectBootLog(*database_, node);
}

Result<std::vector<NodeEvent>> NodeStore::History(std::string_view node, std::size_t limit) {
  const MutexLock lock(mutex_);
  return node_rows::SelectEvents(*database_, node, limit);
}

Status NodeStore::Insert(const Node& node, std::int64_t now) {
  const MutexLock lock(mutex_);
  return Transact(*database_, [&](Database& database) { return AddNode(database, node, now); });
}

Result<Node> NodeStore::Enrol(const Newcomer& newcomer, const Change& first, std::int64_t now, const Along& along) {
  const MutexLock lock(mutex_);
  return Transact(*database_, [&](Database& database) -> Result<Node> {
    const Node& node = newcomer.node;
    if (newcomer.instead_of) RK_RETURN_IF_ERROR(TakeAway(database, *newcomer.instead_of, now));
    RK_RETURN_IF_ERROR(AddNode(database, node, now));
    RK_RETURN_IF_ERROR(Execute(database, "DELETE FROM node_bindings WHERE ek_sha256 = :ek", node.ek_sha256));
    return ChangeNode(database, node.id, first, kService, now, along);
  });
}

Result<Node> NodeStore::Update(std::string_view id, const Change& change, std::string_view by, std::int64_t now,
                               const Along& along) {
  const MutexLock lock(mutex_);
  return Transact(*database_, [&](Database& database) { return ChangeNode(database, id, change, by, now, along); });
}

Status NodeStore::Remove(std::string_view id, std::string_view by, std::int64_t now) {
  const MutexLock lock(mutex_);
  return Transact(*database_, [&](Database& database) -> Status {
    RK_TRY(const std::int64_t removed, Execute(database, "DELETE FROM nodes WHERE node = :node", id));
    if (removed == 0) return NoNode(id);
    RK_RETURN_IF_ERROR(Execute(database, "DELETE FROM node_bindings WHERE node = :node", id));
    RK_RETURN_IF_ERROR(Execute(database, "DELETE FROM node_boot_logs WHERE node = :node", id));
    return Note(database, {.at = now, .node = std::string(id), .state = "removed", .by = std::string(by)});
  });
}

Status NodeStore::RequestBinding(const BindingRequest& request) {
  const MutexLock lock(mutex_);
  return Transact(*database_, [&](Database& database) -> Status {
    // By another EK's owner it may have claimed another node before; the last claim is the one that counts.
    RK_TRY(const std::int64_t known,
           Execute(database,
                   "UPDATE node_bindings SET tpm = :tpm, peer = :peer, seen_at = :seen_at"
                   " WHERE ek_sha256 = :ek AND node = :node",
                   request.tpm, request.peer, request.seen_at, request.ek_sha256, request.node));
    if (known > 0) return Ok();
    RK_RETURN_IF_ERROR(CheckRoomToAsk(database, request));
    RK_RETURN_IF_ERROR(Execute(database, "DELETE FROM node_bindings WHERE ek_sha256 = :ek", request.ek_sha256));
    RK_RETURN_IF_ERROR(Execute(database,
                               "INSERT INTO node_bindings (ek_sha256, node, tpm, peer, asked_at, seen_at)"
                               " VALUES (:ek, :node, :tpm, :peer, :asked_at, :seen_at)",
                               request.ek_sha256, request.node, request.tpm, request.peer, request.asked_at,
                               request.seen_at));
    return Note(database, {.at = request.seen_at,
                           .node = request.node,
                           .state = "binding requested",
                           .detail = fmt::format("EK {} from {}", request.ek_sha256, request.peer),
                           .by = std::string(kService)});
  });
}

Result<Node> NodeStore::Bind(std::string_view id, std::string_view ek_sha256, std::string_view by, std::int64_t now) {
  const MutexLock lock(mutex_);
  return Transact(*database_, [&](Database& database) -> Result<Node> {
    RK_TRY(const BindingRequest request, TakeRequest(database, id, ek_sha256));
    RK_TRY(Node node, Get(database, request.node));
    RK_RETURN_IF_ERROR(Execute(database, "UPDATE nodes SET ek_sha256 = '' WHERE ek_sha256 = :ek", ek_sha256));
    const Node bound = Rebound(std::move(node), request.ek_sha256, request.tpm, now);
    RK_RETURN_IF_ERROR(node_rows::Update(database, bound));
    RK_RETURN_IF_ERROR(Note(database, {.at = now,
                                       .node = bound.id,
                                       .state = "bound",
                                       .detail = fmt::format("EK {}", ek_sha256),
                                       .by = std::string(by)}));
    return bound;
  });
}

Status NodeStore::DenyBinding(std::string_view id, std::string_view ek_sha256, std::string_view by, std::int64_t now) {
  const MutexLock lock(mutex_);
  return Transact(*database_, [&](Database& database) -> Status {
    RK_TRY(const BindingRequest request, TakeRequest(database, id, ek_sha256));
    return Note(database, {.at = now,
                           .node = request.node,
                           .state = "binding denied",
                           .detail = fmt::format("EK {}", ek_sha256),
                           .by = std::string(by)});
  });
}

Status NodeStore::Complete(std::int64_t certificate, std::string_view serial, std::int64_t not_after) {
  const MutexLock lock(mutex_);
  const auto status = serial.empty() ? NodeCertificateStatus::kNotIssued : NodeCertificateStatus::kIssued;
  RK_RETURN_IF_ERROR(Execute(*database_,
                             "UPDATE node_certificates SET serial = :serial, status = :status,"
                             " not_after = :not_after WHERE id = :id",
                             serial, static_cast<std::int64_t>(status), not_after, certificate));
  return Ok();
}

}  // namespace rootkeep
