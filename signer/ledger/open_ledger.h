// How a ledger is opened: for the daemon, and read-only for the tools beside it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/ledger/entry_reader.h"
#include "signer/ledger/ledger.h"
#include "signer/store/database.h"

namespace rootkeep {

struct LedgerOptions {
  std::string path;  // of the database file, made with mode 0600 where it is missing
  std::string vfs;   // SQLite VFS by name; empty: the platform's
  store::Synchronous synchronous = store::Synchronous::kFull;
  const Clock* clock = nullptr;       // outlives the ledger; null: the system's
  std::size_t queue_limit = 4096;     // intents waiting for a commit
  std::size_t open_limit = 65'536;    // durable intents waiting for their outcome
  std::size_t recent_limit = 65'536;  // issued entries that Find knows
};

// Brings the schema to this version, logs how many intents the run before left without an outcome, and starts the
// writer. The caller holds the state directory's lock: one daemon a database. Errors as store::Database::Open and
// store::Migrate.
Result<std::unique_ptr<Ledger>> OpenLedger(const LedgerOptions& options);

// For `rootkeep ledger`, also while the daemon runs: takes no lock and writes nothing. NOT_FOUND when there is no
// database, FAILED_PRECONDITION when its schema is not this version's.
Result<std::unique_ptr<EntryReader>> OpenLedgerReadOnly(const std::string& path, const std::string& vfs = "");

}  // namespace rootkeep
