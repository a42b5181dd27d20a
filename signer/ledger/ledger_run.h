// What the daemon that had the ledger before left open. Internal to this folder.
#pragma once

#include <cstdint>

#include "keystore/base/result.h"
#include "signer/store/database.h"

namespace rootkeep {

// Counts the intents of the run before this one that have no outcome (possibly issued) and notes the new run, in one
// transaction. Only that run's intents are read, so that opening does not grow with the whole ledger.
Result<std::uint64_t> BeginLedgerRun(store::Database& database, std::int64_t now);

}  // namespace rootkeep
