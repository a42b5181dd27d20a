// A ledger that runs out of memory for one caller's requests.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <new>
#include <string>
#include <utility>

#include "signer/ledger/ledger.h"

namespace rootkeep::testing {

// Forwards to a real ledger, which outlives it. Thread-safe.
class ForgetfulLedger final : public Ledger {
 public:
  enum class At : std::uint8_t { kFind, kIntend, kIntended, kComplete };

  explicit ForgetfulLedger(Ledger& ledger) : ledger_(ledger) {}

  // From now on std::bad_alloc comes there, so many times, when the intent or key is `caller`'s (any caller's when it
  // is empty, as it must be for kComplete). Not while it is used.
  void Forget(At at, std::string caller, int times) {
    caller_ = std::move(caller);
    answered_ = std::promise<void>();
    answer_ = answered_.get_future().share();
    told_ = false;
    times_ = times;
    at_ = at;
  }
  // To be called once whoever met with it has its answer: an intent that was queued all the same (kIntended) is not
  // said to be durable before. Otherwise the certificate could be there first, where the caller's thread is slow.
  void Answered() {
    if (!told_.exchange(true)) answered_.set_value();
  }
  // How often it may still come.
  [[nodiscard]] int left() const { return times_; }

  Status Intend(Intent intent, Durable durable) override {
    ForgetAt(At::kIntend, intent.caller);
    if (!Forgets(At::kIntended, intent.caller)) return ledger_.Intend(std::move(intent), std::move(durable));
    const Status queued =
        ledger_.Intend(std::move(intent), [answer = answer_, told = std::move(durable)](Status status) {
          EXPECT_EQ(answer.wait_for(kPatience), std::future_status::ready);
          told(std::move(status));
        });
    EXPECT_TRUE(queued.ok());
    throw std::bad_alloc();
  }
  Result<std::optional<LedgerEntry>> Find(const RetryKey& key, std::int64_t since) override {
    ForgetAt(At::kFind, key.caller);
    return ledger_.Find(key, since);
  }
  void SetBatchDone(std::function<void()> batch_done) override { ledger_.SetBatchDone(std::move(batch_done)); }
  void Complete(const std::string& issuer, const std::string& serial, Bytes certificate) override {
    ForgetAt(At::kComplete, {});
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
  static constexpr std::chrono::seconds kPatience{20};

  bool Forgets(At at, const std::string& caller) {
    if (at_ != at || (!caller_.empty() && caller != caller_)) return false;
    if (times_.fetch_sub(1) > 0) return true;
    ++times_;
    return false;
  }
  void ForgetAt(At at, const std::string& caller) {
    if (Forgets(at, caller)) throw std::bad_alloc();
  }

  Ledger& ledger_;
  std::string caller_;
  std::promise<void> answered_;
  std::shared_future<void> answer_;
  std::atomic<bool> told_ = false;
  std::atomic<At> at_ = At::kFind;
  std::atomic<int> times_ = 0;
};

}  // namespace rootkeep::testing
