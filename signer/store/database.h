// One SQL database behind Results: the only door to SQL for ledger, nodes, authorities and revocation.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "keystore/base/result.h"
#include "signer/store/statement.h"

namespace rootkeep::store {

// When a commit counts as done (SQLite's PRAGMA synchronous). kNormal loses the last commits at a power cut; it is
// here for the test that shows the difference.
enum class Synchronous : std::uint8_t { kNormal, kFull };

struct DatabaseOptions {
  std::string path;
  std::string vfs;  // name of a registered SQLite VFS; empty: the platform's
  Synchronous synchronous = Synchronous::kFull;
  // Opens what exists and writes neither database nor log. SQLite still keeps its read marks in the -shm file.
  bool read_only = false;
  std::chrono::milliseconds busy_timeout{1000};  // how long a call waits for another process's lock
  std::int64_t cache_kib = 2048;
};

// One connection. Not thread-safe: one thread at a time, with its statements. Every error that the disk or another
// process causes is UNAVAILABLE with reason "db_full", "db_readonly", "db_busy" or "db_io"; a unique constraint is
// ALREADY_EXISTS with reason "db_unique"; a damaged file is DATA_LOSS. No message holds a bound value.
class Database {
 public:
  // Creates the file with mode 0600 where it is missing. FAILED_PRECONDITION with reason "file_mode" when group or
  // others can access an existing one; NOT_FOUND when it is missing and `read_only`.
  static Result<std::unique_ptr<Database>> Open(const DatabaseOptions& options);

  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs one statement without parameters. `{id}`, `{key}` and `{blob}` stand for the backend's column types: a
  // primary key that numbers itself, one that is given, and octets.
  Status Execute(const std::string& sql);

  // `parameters` are bound by position to the :names in `sql`; `columns` are what a query returns.
  Result<Statement> Prepare(const std::string& sql, const std::vector<Column>& parameters,
                            const std::vector<Column>& columns = {});

  // The first column of the first row of a query without parameters; `otherwise` when there is no row.
  Result<std::int64_t> QueryNumber(const std::string& sql, std::int64_t otherwise = 0);

  // Begin takes the write lock at once, so that nothing later in the transaction fails for want of it.
  Status Begin();
  Status Commit();
  // Leaves the connection outside any transaction, whatever state an error left it in.
  Status Rollback();

  // What the newest insert into `table`, made on this connection, got for its `{id}`.
  Result<std::int64_t> LastInsertId(const std::string& table);

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace rootkeep::store
