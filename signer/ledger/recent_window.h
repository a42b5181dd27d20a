// Which certificates were issued lately, so that a retry finds its own without SQL. Internal to this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

#include "keystore/base/mutex.h"
#include "signer/ledger/outcome.h"

namespace rootkeep {

// A hash of all four parts; equal keys have equal hashes, and a finder compares the keys themselves.
std::size_t RetryHash(const RetryKey& key);

// Keeps the newest `limit` issued entries, about 100 octets each. Thread-safe.
class RecentWindow {
 public:
  explicit RecentWindow(std::size_t limit) : limit_(limit) {}

  struct Issued {
    std::int64_t id = 0;
    std::int64_t intended_at = 0;
    OutcomePtr unwritten;  // until it is on disk, then empty
  };

  // From the database: its outcome is written.
  void Add(std::size_t retry_hash, std::int64_t id, std::int64_t intended_at) {
    Add(retry_hash, {id, intended_at, {}});
  }
  // An issued outcome that is about to be queued.
  void Add(const OutcomePtr& outcome) { Add(outcome->retry_hash, {outcome->intent_id, outcome->intended_at, outcome}); }
  // `outcome` is on disk now.
  void Written(const Outcome& outcome);

  // The newest entry with this hash, when its intended_at >= since.
  [[nodiscard]] std::optional<Issued> Find(std::size_t retry_hash, std::int64_t since) const;

 private:
  void Add(std::size_t retry_hash, Issued issued);

  const std::size_t limit_;
  mutable Mutex mutex_;
  std::unordered_map<std::size_t, Issued> newest_ RK_GUARDED_BY(mutex_);
  std::deque<std::pair<std::size_t, std::int64_t>> order_ RK_GUARDED_BY(mutex_);  // hash and id, oldest first
};

}  // namespace rootkeep
