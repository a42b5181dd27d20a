// Everything that only SQLite understands. Internal to this folder.
#pragma once

#include <soci/session.h>

#include <string>
#include <string_view>

#include "keystore/base/result.h"
#include "signer/store/database.h"

namespace rootkeep::store {

// SOCI's connection string. INVALID_ARGUMENT for a path it cannot carry.
Result<std::string> SqliteConnectString(const DatabaseOptions& options);

// Sees to it that the file exists and that only its owner can access it.
Status PrepareSqliteFile(const DatabaseOptions& options);

// Write-ahead log, synchronous, foreign keys, timeouts. Throws what SOCI throws.
Status ConfigureSqlite(soci::session& session, const DatabaseOptions& options);

// Puts SQLite's types for {id}, {key} and {blob}.
std::string SqliteTypes(std::string sql);

// The statement that begins a transaction and takes the write lock.
inline constexpr const char* kSqliteBegin = "BEGIN IMMEDIATE";

bool SqliteInTransaction(soci::session& session);

// `result` is a primary or extended result code; `text` SQLite's message, which holds no bound value.
Error SqliteError(std::string_view call, int result, const std::string& text);

}  // namespace rootkeep::store
