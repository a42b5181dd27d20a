// Callers who ask a failing token without end: what they are told, how long they wait, and how soon they are served
// again.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "keystore/base/result.h"
#include "keystore/key_store.h"
#include "tests/support/chaos.h"
#include "tests/support/open_sessions.h"

namespace rootkeep::testing {

struct FaultLoadOptions {
  unsigned callers = 64;
  // No call takes longer than `deadline` and `margin`, which is for so many threads to be scheduled.
  std::chrono::milliseconds deadline{1000};
  std::chrono::milliseconds margin{2000};
  // The longest from the end of a fault to the first good result.
  std::chrono::milliseconds recovery{1000};
  // A fault lasts until the log has so many of it, or the callers have had so many answers.
  std::size_t faults = 200;
  std::size_t answers = 2000;
  // The most sessions that this process may have open after any fault; 0: they are another process's.
  std::size_t sessions = 0;
};

// A key of a token, as its callers use it.
class KeyUnderLoad {
 public:
  // Makes the key and opens it. The store outlives this.
  static Result<KeyUnderLoad> Make(KeyStore& store, Deadline deadline);

  // The `number`th call: it opens the key, lists, asks for health or, mostly, signs. DATA_LOSS when a signature is not
  // the key's. `good` is called for each that is.
  [[nodiscard]] Status Call(unsigned number, Deadline deadline, const std::function<void()>& good) const;

  [[nodiscard]] const KeyInfo& info() const { return info_; }

 private:
  KeyUnderLoad(KeyStore& store, KeyInfo info, std::shared_ptr<const Signer> signer)
      : store_(&store), info_(std::move(info)), signer_(std::move(signer)) {}

  KeyStore* store_;
  KeyInfo info_;
  std::shared_ptr<const Signer> signer_;
};

// The calls are the test's. Each expectation that is not met is a failure of the test that runs.
class FaultLoad {
 public:
  // The `number`th call of this caller. Says Good() when it got what it can prove to be right.
  using Call = std::function<Status(unsigned caller, unsigned number)>;
  // Whether a caller may be told this.
  using MayRefuse = std::function<bool(const Error&)>;

  // UNAVAILABLE and RESOURCE_EXHAUSTED: come back.
  static bool Passing(const Error& error);

  FaultLoad(const Chaos& chaos, const FaultLoadOptions& options, Call call, MayRefuse may_refuse = &Passing);

  // All callers ask, one call after the other, while `work` runs.
  void Under(const std::function<void()>& work);
  // Inside Under: returns when so many more good results, or refusals, have come.
  void AwaitGood(std::size_t more) const;
  void AwaitRefusals(std::size_t more) const;
  // Inside Under: until the next good result, which must not take longer than options.recovery.
  void AwaitRecovery();
  // Each of these scenarios by itself under load: its fault shows, ends, and is recovered from. No session is left
  // over, which is looked for before the next fault, that may end all sessions, could hide it. The texts live as long
  // as this.
  template <typename Scenarios>
  void SufferAll(const Scenarios& scenarios) {
    for (const char* scenario : scenarios) Suffer(scenario);
  }

  void Good() { ++good_; }
  [[nodiscard]] std::size_t good() const { return good_; }
  [[nodiscard]] std::size_t refused() const { return refused_; }
  [[nodiscard]] std::chrono::milliseconds slowest_recovery() const { return slowest_; }
  // That were injected so far.
  [[nodiscard]] std::size_t faults();

 private:
  void Suffer(const char* scenario);
  // Until the scenario that was just set has done something.
  void AwaitFaults(std::string_view scenario);
  void CountSessions();
  void CallAndJudge(unsigned caller, unsigned number);

  const Chaos& chaos_;
  const FaultLoadOptions options_;
  const Call call_;
  const MayRefuse may_refuse_;
  OpenSessions sessions_;
  std::size_t faults_ = 0;                     // in what has been read of the log
  std::streamoff log_end_ = 0;                 // so far
  std::atomic<const char*> scenario_{"none"};  // that is suffered now, for messages
  std::atomic<std::size_t> good_{0};
  std::atomic<std::size_t> refused_{0};
  std::atomic<std::size_t> answered_{0};
  std::chrono::milliseconds slowest_{0};
};

}  // namespace rootkeep::testing
