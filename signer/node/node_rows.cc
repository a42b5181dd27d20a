#include "signer/node/node_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "signer/store/execute.h"

namespace rootkeep::node_rows {
namespace {

using store::Column;
using store::Database;
using store::Execute;
using store::ReadAll;
using store::Statement;
using enum Column;

// Of table nodes, in the order of Bind and ReadNode.
constexpr std::array<std::pair<const char*, Column>, 24> kNodeColumns{{{"node", kText},
                                                                       {"node_group", kText},
                                                                       {"state", kInteger},
                                                                       {"reason", kText},
                                                                       {"explanation", kText},
                                                                       {"ek_sha256", kText},
                                                                       {"ek_origin", kText},
                                                                       {"tpm", kText},
                                                                       {"enrolled_at", kInteger},
                                                                       {"state_since", kInteger},
                                                                       {"attested_until", kInteger},
                                                                       {"ak_name", kBlob},
                                                                       {"clock", kInteger},
                                                                       {"reset_count", kInteger},
                                                                       {"restart_count", kInteger},
                                                                       {"clock_safe", kInteger},
                                                                       {"evidence_at", kInteger},
                                                                       {"attestation", kText},
                                                                       {"evidence_sha256", kText},
                                                                       {"pcrs", kText},
                                                                       {"pcr_digest", kBlob},
                                                                       {"generation", kText},
                                                                       {"policy", kText},
                                                                       {"firmware", kInteger}}};

std::vector<Column> NodeColumnTypes() {
  std::vector<Column> types;
  for (const auto& [name, type] : kNodeColumns) types.push_back(type);
  return types;
}

// Each column's name in `pattern`, in place of {}; joined by commas.
std::string EachColumn(fmt::format_string<const char*&> pattern) {
  std::string text;
  for (auto [name, type] : kNodeColumns) text += (text.empty() ? "" : ", ") + fmt::format(pattern, name);
  return text;
}

std::int64_t Signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }

// `extra` follows the columns.
template <typename... Extra>
void Bind(Statement& statement, const Node& node, const Extra&... extra) {
  const NodeClock clock = node.clock.value_or(NodeClock{});
  const NodeEvidence& evidence = node.evidence;
  statement.Bind(node.id, node.group, static_cast<std::int64_t>(node.state), node.reason, node.explanation,
                 node.ek_sha256, node.ek_origin, node.tpm, node.enrolled_at, node.state_since, node.attested_until,
                 node.ak_name, Signed(clock.clock), std::int64_t{clock.reset_count}, std::int64_t{clock.restart_count},
                 std::int64_t{clock.safe ? 1 : 0}, evidence.at, evidence.attestation, evidence.sha256, evidence.pcrs,
                 evidence.pcr_digest, evidence.generation, evidence.policy, Signed(evidence.firmware), extra...);
}

Node ReadNode(const Statement& row) {
  std::size_t column = 0;
  const auto text = [&] { return std::string(row.text(column++)); };
  const auto integer = [&] { return row.integer(column++); };
  const auto blob = [&] { return row.blob(column++); };

  Node node;
  node.id = text();
  node.group = text();
  node.state = static_cast<NodeState>(integer());
  node.reason = text();
  node.explanation = text();
  node.ek_sha256 = text();
  node.ek_origin = text();
  node.tpm = text();
  node.enrolled_at = integer();
  node.state_since = integer();
  node.attested_until = integer();
  node.ak_name = blob();
  NodeClock clock;
  clock.clock = static_cast<std::uint64_t>(integer());
  clock.reset_count = static_cast<std::uint32_t>(integer());
  clock.restart_count = static_cast<std::uint32_t>(integer());
  clock.safe = integer() != 0;
  if (!node.ak_name.empty()) node.clock = clock;
  node.evidence.at = integer();
  node.evidence.attestation = text();
  node.evidence.sha256 = text();
  node.evidence.pcrs = text();
  node.evidence.pcr_digest = blob();
  node.evidence.generation = text();
  node.evidence.policy = text();
  node.evidence.firmware = static_cast<std::uint64_t>(integer());
  return node;
}

}  // namespace

Result<std::vector<Node>> Select(Database& database, std::string_view column, std::string_view value) {
  RK_TRY(Statement query, database.Prepare(fmt::format("SELECT {} FROM nodes WHERE {} = :value ORDER BY node",
                                                       EachColumn("{}"), column.empty() ? "''" : column),
                                           {kText}, NodeColumnTypes()));
  query.Bind(value);
  return ReadAll(query, ReadNode);
}

Result<NodeStandings> CountStandings(Database& database, std::int64_t now) {
  NodeStandings standings{.counts = {{{kAttestationEnded, ""}, 0}}};
  for (const NodeState state : {NodeState::kHeld, NodeState::kApproved, NodeState::kAttested, NodeState::kFailed,
                                NodeState::kDenied, NodeState::kReenrol}) {
    standings.counts[{NodeStateName(state), ""}] = 0;
  }
  RK_TRY(
      Statement query,
      database.Prepare("SELECT state, attested_until > :now, reason, COUNT(*), MAX(evidence_at), MIN(attested_until),"
                       " node_group, MIN(evidence_at) FROM nodes GROUP BY 1, 2, 3, 7",
                       {kInteger}, {kInteger, kInteger, kText, kInteger, kInteger, kInteger, kText, kInteger}));
  query.Bind(now);
  RK_RETURN_IF_ERROR(query.Start());
  for (;;) {
    RK_TRY(const bool found, query.Next());
    if (!found) return standings;
    const bool holds = query.integer(1) != 0;
    const Node like{.state = static_cast<NodeState>(query.integer(0)), .attested_until = holds ? 1 : 0};
    standings.counts[{StandingOf(like, 0), std::string(query.text(2))}] += static_cast<std::size_t>(query.integer(3));
    if (like.state != NodeState::kAttested) continue;
    standings.newest_evidence = std::max(standings.newest_evidence, query.integer(4));
    if (!holds) continue;
    const std::int64_t end = query.integer(5);
    standings.first_end = standings.first_end == 0 ? end : std::min(standings.first_end, end);
    const std::int64_t at = query.integer(7);
    std::int64_t& oldest = standings.oldest_evidence.try_emplace(std::string(query.text(6)), at).first->second;
    oldest = std::min(oldest, at);
  }
}

Status Insert(Database& database, const Node& node) {
  RK_TRY(Statement insert,
         database.Prepare(fmt::format("INSERT INTO nodes ({}) VALUES ({})", EachColumn("{}"), EachColumn(":{}")),
                          NodeColumnTypes()));
  Bind(insert, node);
  return insert.Run();
}

Status Update(Database& database, const Node& node) {
  std::vector<Column> types = NodeColumnTypes();
  types.push_back(kText);
  RK_TRY(Statement update,
         database.Prepare(fmt::format("UPDATE nodes SET {} WHERE node = :this_node", EachColumn("{0} = :{0}")), types));
  Bind(update, node, std::string_view(node.id));
  return update.Run();
}

Result<std::vector<BindingRequest>> SelectBindings(Database& database, std::string_view ek_sha256) {
  RK_TRY(Statement query,
         database.Prepare(fmt::format("SELECT ek_sha256, node, tpm, peer, asked_at, seen_at FROM node_bindings"
                                      " WHERE {} = :value ORDER BY node, asked_at",
                                      ek_sha256.empty() ? "''" : "ek_sha256"),
                          {kText}, {kText, kText, kText, kText, kInteger, kInteger}));
  query.Bind(ek_sha256);
  return ReadAll(query, [](const Statement& row) {
    return BindingRequest{.ek_sha256 = std::string(row.text(0)),
                          .node = std::string(row.text(1)),
                          .tpm = std::string(row.text(2)),
                          .peer = std::string(row.text(3)),
                          .asked_at = row.integer(4),
                          .seen_at = row.integer(5)};
  });
}

Result<std::vector<NodeCertificate>> SelectCertificates(Database& database, std::string_view node) {
  RK_TRY(Statement query,
         database.Prepare("SELECT id, node, attestation, request_id, serial, status, asked_at, not_after"
                          " FROM node_certificates WHERE node = :node ORDER BY id DESC",
                          {kText}, {kInteger, kText, kText, kText, kText, kInteger, kInteger, kInteger}));
  query.Bind(node);
  return ReadAll(query, [](const Statement& row) {
    return NodeCertificate{.id = row.integer(0),
                           .node = std::string(row.text(1)),
                           .attestation = std::string(row.text(2)),
                           .request_id = std::string(row.text(3)),
                           .serial = std::string(row.text(4)),
                           .status = static_cast<NodeCertificateStatus>(row.integer(5)),
                           .asked_at = row.integer(6),
                           .not_after = row.integer(7)};
  });
}

Result<std::vector<NodeEvent>> SelectEvents(Database& database, std::string_view node, std::size_t limit) {
  RK_TRY(Statement query, database.Prepare("SELECT at, node, state, detail, done_by FROM node_events WHERE node = :node"
                                           " ORDER BY id DESC LIMIT :row_limit",
                                           {kText, kInteger}, {kInteger, kText, kText, kText, kText}));
  query.Bind(node, static_cast<std::int64_t>(limit));
  return ReadAll(query, [](const Statement& row) {
    return NodeEvent{.at = row.integer(0),
                     .node = std::string(row.text(1)),
                     .state = std::string(row.text(2)),
                     .detail = std::string(row.text(3)),
                     .by = std::string(row.text(4))};
  });
}

Result<std::optional<NodeBootLog>> SelectBootLog(Database& database, std::string_view node) {
  RK_TRY(Statement query,
         database.Prepare("SELECT pcrs, log FROM node_boot_logs WHERE node = :node", {kText}, {kText, kBlob}));
  query.Bind(node);
  RK_TRY(auto found, ReadAll(query, [](const Statement& row) {
           return NodeBootLog{.pcrs = std::string(row.text(0)), .log = row.blob(1)};
         }));
  if (found.empty()) return std::optional<NodeBootLog>();
  return std::optional(std::move(found.front()));
}

Status ReplaceBootLog(Database& database, std::string_view node, const NodeBootLog& boot_log) {
  RK_TRY(const auto present, SelectBootLog(database, node));
  if (present && present->pcrs == boot_log.pcrs) return Ok();
  RK_RETURN_IF_ERROR(Execute(database, "DELETE FROM node_boot_logs WHERE node = :node", node));
  RK_RETURN_IF_ERROR(Execute(database, "INSERT INTO node_boot_logs (node, pcrs, log) VALUES (:node, :pcrs, :log)", node,
                             std::string_view(boot_log.pcrs), ByteView(boot_log.log)));
  return Ok();
}

}  // namespace rootkeep::node_rows
