// The threads that sign for one authority: durable intents in, checked certificates out, answers in batches.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "keystore/base/mutex.h"
#include "keystore/fair_queue.h"
#include "signer/issue/deadline_watch.h"
#include "signer/issue/job.h"
#include "signer/issue/places.h"
#include "signer/ledger/ledger.h"
#include "signer/metrics/metrics.h"

namespace rootkeep {

// Thread-safe. An authority whose token hangs holds up its own lane and no other. As many of the lane's threads work
// at once as the key's device is found to like (Signer::Concurrency). Each takes a few jobs at a time and finishes
// their calls together, which costs the RPC layer far less than one by one.
class SigningLane {
 public:
  // `ledger`, `watch` and `metrics` outlive the lane. Throws std::system_error when a thread cannot be started.
  SigningLane(Ledger& ledger, DeadlineWatch& watch, Metrics& metrics, Places places);
  ~SigningLane();
  SigningLane(const SigningLane&) = delete;
  SigningLane& operator=(const SigningLane&) = delete;

  // A place among those that wait for this lane. A device that hangs then fills its own lane only, and not the ledger
  // that all share. Errors as Places::Take, with retry_after; RESOURCE_EXHAUSTED "queue_too_long" when, by what
  // signatures took lately, the work of `share` cannot come to its turn before `deadline`; UNAVAILABLE "deadline" when
  // that has passed.
  Result<std::shared_ptr<void>> Reserve(const Share& share, Deadline deadline);

  // How long what waits now takes to be signed, by what signatures took lately.
  [[nodiscard]] std::chrono::nanoseconds Backlog() const;

  // Queues a job whose intent is durable; callers are served in turn, urgent work first (FairQueue). Wakes nobody: call
  // Wake after the last of a batch.
  void Push(std::shared_ptr<Job> job);
  void Wake();

 private:
  static constexpr unsigned kThreads = 8;  // the most signers one authority ever uses
  using Batch = std::vector<std::shared_ptr<Job>>;
  struct Outcome {
    std::shared_ptr<Job> job;
    Result<Issued> result;
  };

  // One signing thread: the first ones work, the others sleep until the device is found to like more at once.
  struct Worker {
    CondVar wake;
    bool idle = false;
    Batch batch;  // room for kBatchLimit
    std::jthread thread;
  };

  void Stop();
  void Run(unsigned index);
  [[nodiscard]] unsigned Limit() const RK_REQUIRES(mutex_);
  void WakeOne() RK_REQUIRES(mutex_);
  // Waits for work and puts it into `batch`; false when the lane ends.
  bool Take(unsigned index, Batch& batch);
  void Process(const Batch& batch);
  void Abandon(const Batch& batch);
  Result<Issued> Sign(Job& job);
  // A batch of so many jobs took so long.
  void Learn(std::size_t jobs, std::chrono::nanoseconds took) RK_EXCLUDES(mutex_);
  [[nodiscard]] std::chrono::nanoseconds TimeOf(std::size_t jobs) const RK_REQUIRES(mutex_);
  void Deliver(std::vector<Outcome>& outcomes);

  Ledger& ledger_;
  DeadlineWatch& watch_;
  Metrics& metrics_;
  Places places_;
  mutable Mutex mutex_;
  FairQueue<std::shared_ptr<Job>> queue_ RK_GUARDED_BY(mutex_);
  std::chrono::duration<double> each_ RK_GUARDED_BY(mutex_){0};  // of the lane's time for a job, lately
  bool stopping_ RK_GUARDED_BY(mutex_) = false;
  std::array<Worker, kThreads> workers_;
};

}  // namespace rootkeep
