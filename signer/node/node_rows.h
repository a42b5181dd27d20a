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

Result<NodeStandings> CountStandings(store::Database& database, std::int64_t now);
Result<std::vector<BindingRequest>> SelectBindings(store::Database& database, std::string_view ek_sha256);
Result<std::vector<NodeCertificate>> SelectCertificates(store::Database& database, std::string_view node);
Result<std::vector<NodeEvent>> SelectEvents(store::Database& database, std::string_view node, std::size_t limit);

Result<std::optional<NodeBootLog>> SelectBootLog(store::Database& database, std::string_view node);
// Nothing is written where the PCRs are those that are there: the same boot.
Status ReplaceBootLog(store::Database& database, std::string_view node, const NodeBootLog& boot_log);

}  // namespace rootkeep::node_rows
