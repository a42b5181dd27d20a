#include "signer/ledger/write_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rootkeep {

Status WriteQueue::Push(QueuedIntent&& queued) {
  const MutexLock lock(mutex_);
  if (stopped_) return Unavailable("ledger is closed").WithReason("ledger_closed");
  if (intents_.size() >= intent_limit_) {
    return ResourceExhausted("ledger queue is full").WithReason("ledger_queue").WithRetryAfter(kRetryDelay);
  }
  intents_.push_back(std::move(queued));
  ++pushed_;
  wake_.NotifyOne();
  return Ok();
}

void WriteQueue::Push(OutcomePtr outcome) {
  const MutexLock lock(mutex_);
  if (outcomes_.empty()) outcomes_due_ = After(kOutcomeDelay);
  outcomes_.push_back(std::move(outcome));
  ++pushed_;
  // The first starts the delay, a crowd ends it.
  const bool crowd = outcomes_.size() == kOutcomesAtOnce;
  if (crowd) outcomes_due_ = std::chrono::steady_clock::now();
  if (crowd || outcomes_.size() == 1) wake_.NotifyOne();
}

bool WriteQueue::Ready(Deadline now) const {
  if (!intents_.empty() || stopped_) return true;
  return !outcomes_.empty() && (now >= outcomes_due_);
}

std::optional<WriteBatch> WriteQueue::Take() {
  const MutexLock lock(mutex_);
  while (!Ready(std::chrono::steady_clock::now())) {
    if (outcomes_.empty()) {
      wake_.Wait(mutex_);
    } else {
      (void)wake_.WaitUntil(mutex_, outcomes_due_);
    }
  }
  if (intents_.empty() && outcomes_.empty()) return std::nullopt;
  WriteBatch batch;
  batch.intents.swap(intents_);
  batch.outcomes.swap(outcomes_);
  batch.through = pushed_;
  return batch;
}

void WriteQueue::Done(std::uint64_t through) {
  const MutexLock lock(mutex_);
  done_through_ = through;
  done_.NotifyAll();
}

std::size_t WriteQueue::Return(WriteBatch&& batch) {
  const MutexLock lock(mutex_);
  if (stopped_) return batch.outcomes.size();
  batch.outcomes.insert(batch.outcomes.end(), std::make_move_iterator(outcomes_.begin()),
                        std::make_move_iterator(outcomes_.end()));
  outcomes_ = std::move(batch.outcomes);
  outcomes_due_ = After(kRetryDelay);
  return 0;
}

Status WriteQueue::Flush(Deadline deadline) {
  const MutexLock lock(mutex_);
  const std::uint64_t target = pushed_;
  outcomes_due_ = std::min(outcomes_due_, std::chrono::steady_clock::now());
  wake_.NotifyOne();
  while (done_through_ < target) {
    if (!done_.WaitUntil(mutex_, deadline) && done_through_ < target) {
      return DeadlineExceeded("ledger flush").WithReason("ledger_flush");
    }
  }
  return Ok();
}

void WriteQueue::Stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  wake_.NotifyOne();
}

std::size_t WriteQueue::waiting_intents() const {
  const MutexLock lock(mutex_);
  return intents_.size();
}

}  // namespace rootkeep
