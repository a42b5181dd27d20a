// Reads entries back, on a connection of its own so that the writer is never held up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "signer/ledger/ledger.h"
#include "signer/store/database.h"

namespace rootkeep {

// Thread-safe: one read at a time.
class EntryReader {
 public:
  // What a recent entry needs to be found again.
  struct Recent {
    std::int64_t id = 0;
    RetryKey key;
    std::int64_t intended_at = 0;
  };

  explicit EntryReader(std::unique_ptr<store::Database> database) : database_(std::move(database)) {}

  Result<std::optional<LedgerEntry>> ById(std::int64_t id);

  // As Ledger::List. Reads the table in stretches, so that no read transaction is long enough to hold up the writer's
  // checkpoints.
  Result<std::vector<LedgerEntry>> List(const LedgerFilter& filter);

  // The newest `limit` intents that were issued, oldest first.
  Result<std::vector<Recent>> RecentlyIssued(std::size_t limit);

 private:
  Result<std::vector<LedgerEntry>> ListStretch(const LedgerFilter& filter, std::int64_t after, std::int64_t up_to,
                                               std::size_t limit) RK_REQUIRES(mutex_);

  Mutex mutex_;
  std::unique_ptr<store::Database> database_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep
