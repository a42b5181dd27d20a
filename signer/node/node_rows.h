// Rows of the node tables as values. Internal to this folder; errors as store::Database.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "signer/node/node_store.h"
#include "signer/store/database.h"

namespace rootkeep::node_rows {

// Those where `column`, the name of a text column, is `value`; all of them where it is empty. By id.
Result<std::vector<Node>> Select(store::Database& database, std::string_view column, std::string_view value);
Status Insert(store::Database& database, const Node& node);
// The row with the node's id.
Status Update(store::Database& database, const Node& node);

Result<std::map<std::string_view, std::size_t>> CountStandings(store::Database& database, std::int64_t now);
Result<std::vector<BindingRequest>> SelectBindings(store::Database& database, std::string_view ek_sha256);
Result<std::vector<NodeCertificate>> SelectCertificates(store::Database& database, std::string_view node);
Result<std::vector<NodeEvent>> SelectEvents(store::Database& database, std::string_view node, std::size_t limit);

Result<std::optional<NodeBootLog>> SelectBootLog(store::Database& database, std::string_view node);
// Nothing is written where the PCRs are those that are there: the same boot.
Status ReplaceBootLog(store::Database& database, std::string_view node, const NodeBootLog& boot_log);

inline store::Column TypeOf(std::int64_t) { return store::Column::kInteger; }
inline store::Column TypeOf(std::string_view) { return store::Column::kText; }
inline store::Column TypeOf(ByteView) { return store::Column::kBlob; }

// Runs one statement with these parameters for its effect; how many rows it changed.
template <typename... Values>
Result<std::int64_t> Execute(store::Database& database, const std::string& sql, const Values&... values) {
  RK_TRY(store::Statement statement, database.Prepare(sql, {TypeOf(values)...}));
  statement.Bind(values...);
  RK_RETURN_IF_ERROR(statement.Run());
  return statement.affected_rows();
}

}  // namespace rootkeep::node_rows
