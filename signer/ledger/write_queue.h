// What waits for the next group commit, and when that happens. Internal to this folder.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "signer/ledger/outcome.h"

namespace rootkeep {

struct QueuedIntent {
  Intent intent;
  Ledger::Durable durable;
};

struct WriteBatch {
  std::vector<QueuedIntent> intents;
  std::vector<OutcomePtr> outcomes;
  std::uint64_t through = 0;  // everything up to this place in the queue's history
};

// Thread-safe; one thread takes. An intent is taken at once; outcomes ride along, or go alone after kOutcomeDelay.
class WriteQueue {
 public:
  static constexpr std::chrono::milliseconds kOutcomeDelay{20};
  static constexpr std::chrono::milliseconds kRetryDelay{250};  // of what could not be written, or not be taken in
  static constexpr std::size_t kOutcomesAtOnce = 1024;          // as many do not wait longer

  explicit WriteQueue(std::size_t intent_limit) : intent_limit_(intent_limit) {}

  // RESOURCE_EXHAUSTED when `intent_limit` are waiting; UNAVAILABLE after Stop.
  Status Push(QueuedIntent&& queued);
  void Push(OutcomePtr outcome);

  // Everything there is, waiting until there is something; nothing once stopped and empty.
  std::optional<WriteBatch> Take();
  // The batch taken last, which went `through` there, is written, or answered and gone.
  void Done(std::uint64_t through);
  // The outcomes of the batch taken last could not be written: keeps them for later. After Stop they are dropped, and
  // their number is returned.
  std::size_t Return(WriteBatch&& batch);

  // Waits until what was pushed before is done; DEADLINE_EXCEEDED otherwise.
  Status Flush(Deadline deadline);
  // Take empties the queue and then returns nothing.
  void Stop();

  [[nodiscard]] std::size_t waiting_intents() const;

 private:
  [[nodiscard]] bool Ready(Deadline now) const RK_REQUIRES(mutex_);

  const std::size_t intent_limit_;
  mutable Mutex mutex_;
  CondVar wake_;
  CondVar done_;
  std::vector<QueuedIntent> intents_ RK_GUARDED_BY(mutex_);
  std::vector<OutcomePtr> outcomes_ RK_GUARDED_BY(mutex_);
  Deadline outcomes_due_ RK_GUARDED_BY(mutex_){};
  std::uint64_t pushed_ RK_GUARDED_BY(mutex_) = 0;
  std::uint64_t done_through_ RK_GUARDED_BY(mutex_) = 0;
  bool stopped_ RK_GUARDED_BY(mutex_) = false;
};

}  // namespace rootkeep
