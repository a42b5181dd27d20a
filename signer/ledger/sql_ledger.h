// The ledger on the SQL store: one writer thread, group commit, reads beside it.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "signer/ledger/entry_reader.h"
#include "signer/ledger/group_commit.h"
#include "signer/ledger/ledger.h"
#include "signer/ledger/open_intents.h"
#include "signer/ledger/recent_window.h"
#include "signer/ledger/write_queue.h"

namespace rootkeep {

// Made by OpenLedger. Its destructor writes what is queued, calls the last durable callbacks and ends the thread.
class SqlLedger final : public Ledger {
 public:
  struct Parts {
    std::unique_ptr<GroupCommit> commit;
    std::unique_ptr<EntryReader> finder;  // for Find
    std::unique_ptr<EntryReader> lister;  // for List, which may take long
    const Clock* clock = nullptr;         // outlives the ledger
    std::size_t queue_limit = 0;
    std::size_t open_limit = 0;
    std::size_t window = 0;
    std::uint64_t possibly_issued = 0;
    std::vector<EntryReader::Recent> recent;  // oldest first
  };

  explicit SqlLedger(Parts parts);
  ~SqlLedger() override;

  Status Intend(Intent intent, Durable durable) override;
  void SetBatchDone(std::function<void()> batch_done) override;
  void Complete(const std::string& issuer, const std::string& serial, Bytes certificate) override;
  void Fail(const std::string& issuer, const std::string& serial, std::string failure) override;
  void Leave(const std::string& issuer, const std::string& serial) noexcept override;
  Result<std::optional<LedgerEntry>> Find(const RetryKey& key, std::int64_t since) override;
  Result<std::vector<LedgerEntry>> List(const LedgerFilter& filter) override;
  Status Flush(Deadline deadline) override;
  [[nodiscard]] Status Health() const override;
  [[nodiscard]] LedgerStats Stats() const override;

 private:
  void Close(const std::string& issuer, const std::string& serial, const Bytes& certificate, std::string failure);
  void WriteLoop();
  void WriteOne(WriteBatch batch);
  void Announce(WriteBatch& batch, std::vector<Result<std::int64_t>>& ids);
  void Refuse(WriteBatch& batch, const Error& error);
  static bool Tell(const QueuedIntent& queued, Status status);
  void EndCallbacks(const WriteBatch& batch);
  void KeepForLater(WriteBatch&& batch);
  void SetHealth(Status health);

  const std::unique_ptr<GroupCommit> commit_;
  const std::unique_ptr<EntryReader> finder_;
  const std::unique_ptr<EntryReader> lister_;
  const Clock* const clock_;
  const std::size_t open_limit_;
  const std::uint64_t possibly_issued_;
  WriteQueue queue_;
  OpenIntents open_;
  RecentWindow window_;
  std::function<void()> batch_done_;

  mutable Mutex health_mutex_;
  Status health_ RK_GUARDED_BY(health_mutex_);
  std::atomic<std::uint64_t> intents_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> outcomes_{0};
  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> failed_commits_{0};

  std::thread writer_;  // last: starts when everything else is there
};

}  // namespace rootkeep
