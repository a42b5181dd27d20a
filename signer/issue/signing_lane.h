// The threads that sign for one authority: durable intents in, checked certificates out, answers in batches.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "keystore/base/mutex.h"
#include "signer/issue/deadline_watch.h"
#include "signer/issue/job.h"
#include "signer/ledger/ledger.h"
#include "signer/metrics/metrics.h"

namespace rootkeep {

// Thread-safe. An authority whose token hangs holds up its own lane and no other. As many of the lane's threads work
// at once as the key's device is found to like (Signer::Concurrency). Each takes a few jobs at a time and finishes
// their calls together, which costs the RPC layer far less than one by one.
class SigningLane {
 public:
  // `ledger`, `watch` and `metrics` outlive the lane.
  SigningLane(Ledger& ledger, DeadlineWatch& watch, Metrics& metrics);
  ~SigningLane();
  SigningLane(const SigningLane&) = delete;
  SigningLane& operator=(const SigningLane&) = delete;

  // Queues a job whose intent is durable. Wakes nobody: call Wake after the last of a batch.
  void Push(std::shared_ptr<Job> job);
  void Wake();

 private:
  using Batch = std::vector<std::shared_ptr<Job>>;
  struct Outcome {
    std::shared_ptr<Job> job;
    Result<Issued> result;
  };

  void Run();
  [[nodiscard]] bool MayWork() const RK_REQUIRES(mutex_);
  Batch Take();
  void Process(const Batch& batch);
  Result<Issued> Sign(Job& job);
  void Deliver(std::vector<Outcome>& outcomes);

  Ledger& ledger_;
  DeadlineWatch& watch_;
  Metrics& metrics_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::shared_ptr<Job>> queue_ RK_GUARDED_BY(mutex_);
  unsigned working_ RK_GUARDED_BY(mutex_) = 0;
  bool stopping_ RK_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;
};

}  // namespace rootkeep
