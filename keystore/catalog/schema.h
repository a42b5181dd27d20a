// The catalogue's one table, and how an older one becomes the present one. Internal to this folder.
#pragma once

#include <string>

#include "keystore/catalog/sqlite.h"

namespace rootkeep::catalog {

inline constexpr std::int64_t kSchemaVersion = 3;

// 0 where there is no table yet. FAILED_PRECONDITION with reason "schema_newer" when a newer program wrote it.
Result<std::int64_t> VersionOf(const Sqlite& db);

// Makes or alters the table, in one transaction; several programs may do it at once.
Status BringUpToDate(const Sqlite& db);

// What to select from a table of that version, in the order in which rows are read.
std::string ColumnsOf(std::int64_t version);

}  // namespace rootkeep::catalog
