// Answers issuances whose deadline passed while a token, a disk or a queue held them: a client never hangs.
#pragma once

#include <memory>
#include <thread>
#include <unordered_set>

#include "keystore/base/mutex.h"
#include "signer/issue/job.h"

namespace rootkeep {

// Thread-safe. Owns one thread; answers UNAVAILABLE with reason "deadline" at most kPeriod late.
class DeadlineWatch {
 public:
  static constexpr std::chrono::milliseconds kPeriod{50};

  // At most `capacity` jobs at once: the bound on all work accepted.
  explicit DeadlineWatch(std::size_t capacity);
  ~DeadlineWatch();
  DeadlineWatch(const DeadlineWatch&) = delete;
  DeadlineWatch& operator=(const DeadlineWatch&) = delete;

  // RESOURCE_EXHAUSTED with reason "overload" when the capacity is reached.
  Status Add(const std::shared_ptr<Job>& job);
  // Called by whoever answered the job; harmless when it is gone.
  void Remove(const std::shared_ptr<Job>& job);

  [[nodiscard]] std::size_t size() const;
  // Waits until no job is left, or `deadline`; whether none is left.
  bool WaitUntilEmpty(Deadline deadline);

 private:
  void Run(const std::stop_token& stop);
  void AnswerExpired();

  const std::size_t capacity_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::unordered_set<std::shared_ptr<Job>> jobs_ RK_GUARDED_BY(mutex_);
  bool stopping_ RK_GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace rootkeep
