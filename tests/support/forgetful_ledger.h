// A ledger that runs out of memory for one caller's requests.
#pragma once

#include <atomic>
#include <new>
#include <string>
#include <utility>

#include "signer/ledger/ledger.h"

namespace rootkeep::testing {

// Forwards to a real ledger, which outlives it. Thread-safe.
class ForgetfulLedger final : public Ledger {
 public:
  enum class At : std::uint8_t { kFind, kIntend, kIntended };

  explicit ForgetfulLedger(Ledger& ledger) : ledger_(ledger) {}

  // From now on std::bad_alloc comes there, so many times, when the intent or key is `caller`'s (any caller's when it
  // is empty). Not while it is used.
  void Forget(At at, std::string caller, int times) {
    caller_ = std::move(caller);
    times_ = times;
    at_ = at;
  }
  // How often it may still come.
  [[nodiscard]] int left() const { return times_; }

  Status Intend(Intent intent, Durable durable) override {
    const std::string caller = intent.caller;
    ForgetAt(At::kIntend, caller);
    Status queued = ledger_.Intend(std::move(intent), std::move(durable));
    ForgetAt(At::kIntended, caller);
    return queued;
  }
  Result<std::optional<LedgerEntry>> Find(const RetryKey& key, std::int64_t since) override {
    ForgetAt(At::kFind, key.caller);
    return ledger_.Find(key, since);
  }
  void SetBatchDone(std::function<void()> batch_done) override { ledger_.SetBatchDone(std::move(batch_done)); }
  void Complete(const std::string& issuer, const std::string& serial, Bytes certificate) override {
    ledger_.Complete(issuer, serial, std::move(certificate));
  }
  void Fail(const std::string& issuer, const std::string& serial, std::string failure) override {
    ledger_.Fail(issuer, serial, std::move(failure));
  }
  void Leave(const std::string& issuer, const std::string& serial) noexcept override { ledger_.Leave(issuer, serial); }
  Result<std::vector<LedgerEntry>> List(const LedgerFilter& filter) override { return ledger_.List(filter); }
  Status Flush(Deadline deadline) override { return ledger_.Flush(deadline); }
  [[nodiscard]] Status Health() const override { return ledger_.Health(); }
  [[nodiscard]] LedgerStats Stats() const override { return ledger_.Stats(); }

 private:
  void ForgetAt(At at, const std::string& caller) {
    if (at_ != at || (!caller_.empty() && caller != caller_)) return;
    if (times_.fetch_sub(1) > 0) throw std::bad_alloc();
    ++times_;
  }

  Ledger& ledger_;
  std::string caller_;
  std::atomic<At> at_ = At::kFind;
  std::atomic<int> times_ = 0;
};

}  // namespace rootkeep::testing
