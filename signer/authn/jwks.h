// The keys of one token issuer, kept fresh off the hot path.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "signer/authn/jwks_loader.h"

namespace rootkeep::jose {

class JwkSet;

// One state of the keys; immutable.
struct KeySnapshot {
  std::shared_ptr<const JwkSet> keys;
  std::uint64_t generation = 0;  // grows by one with every change
};

struct JwksRefresh {
  std::chrono::milliseconds interval{};     // between successful loads; up to a tenth less or more at random
  std::chrono::milliseconds on_demand{};    // least time from one load to another that RequestRefresh causes
  std::chrono::milliseconds first_retry{};  // after a failed load; doubles with each
  std::chrono::milliseconds last_retry{};   // but not beyond this
};

struct JwksStatus {
  std::size_t keys = 0;
  std::size_t skipped = 0;       // of a type or size that Rootkeep does not use
  std::uint64_t generation = 0;  // 0: none arrived yet
  std::string error;             // of the latest load; empty when it succeeded
};

// Owns a thread that loads, parses and swaps the keys. What cannot be loaded or parsed changes nothing: the keys in
// hand stay, a warning says why. Thread-safe; the destructor interrupts a load under way and joins.
class JwksSource {
 public:
  // `issuer` names it in log lines. A loader whose is_local() holds is asked once before Start returns, so that a
  // file's keys are there at once; whatever happens, the source starts.
  static std::unique_ptr<JwksSource> Start(std::string issuer, std::unique_ptr<JwksLoader> loader, JwksRefresh refresh);

  JwksSource(const JwksSource&) = delete;
  JwksSource& operator=(const JwksSource&) = delete;
  ~JwksSource();

  // The latest keys; null `keys` until some arrived. Never waits for a load.
  [[nodiscard]] KeySnapshot Current() const RK_EXCLUDES(mutex_);

  // Current().generation without a lock.
  [[nodiscard]] std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  // Asks for a load soon, because a token names a key that is not there. Returns at once; bounded by `on_demand`.
  void RequestRefresh() RK_EXCLUDES(mutex_);

  [[nodiscard]] JwksStatus status() const RK_EXCLUDES(mutex_);

 private:
  JwksSource(std::string issuer, std::unique_ptr<JwksLoader> loader, JwksRefresh refresh);

  void Run(const std::stop_token& stop);
  void Load(const std::stop_token& stop) RK_EXCLUDES(mutex_);
  void LoadGuarded(const std::stop_token& stop) RK_EXCLUDES(mutex_);
  Status Adopt(const std::string& text) RK_EXCLUDES(mutex_);
  void Note(const Status& outcome) RK_EXCLUDES(mutex_);
  void WaitForTurn(const std::stop_token& stop) RK_EXCLUDES(mutex_);
  [[nodiscard]] std::chrono::milliseconds Pause() const RK_REQUIRES(mutex_);

  const std::string issuer_;
  const std::unique_ptr<JwksLoader> loader_;
  const JwksRefresh refresh_;

  mutable Mutex mutex_;
  CondVar changed_;
  KeySnapshot current_ RK_GUARDED_BY(mutex_);
  std::string text_ RK_GUARDED_BY(mutex_);  // what current_ was parsed from
  std::string error_ RK_GUARDED_BY(mutex_);
  int failures_ RK_GUARDED_BY(mutex_) = 0;  // in a row
  bool wanted_ RK_GUARDED_BY(mutex_) = false;
  Deadline loaded_at_ RK_GUARDED_BY(mutex_);
  std::atomic<std::uint64_t> generation_{0};
  std::jthread thread_;  // last: stopped and joined before anything it uses goes
};

}  // namespace rootkeep::jose
