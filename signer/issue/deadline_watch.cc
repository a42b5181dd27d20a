#include "signer/issue/deadline_watch.h"

#include <vector>

#include "keystore/base/guard.h"

namespace rootkeep {

DeadlineWatch::DeadlineWatch(std::size_t capacity)
    : capacity_(capacity), thread_([this](const std::stop_token& stop) { Run(stop); }) {
  const MutexLock lock(mutex_);
  jobs_.reserve(capacity);
}

DeadlineWatch::~DeadlineWatch() {
  thread_.request_stop();
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
}

Status DeadlineWatch::Add(const std::shared_ptr<Job>& job) {
  const MutexLock lock(mutex_);
  if (jobs_.size() >= capacity_) {
    return ResourceExhausted("too many issuances under way").WithReason("overload");
  }
  jobs_.insert(job);
  return Ok();
}

void DeadlineWatch::Remove(const std::shared_ptr<Job>& job) {
  const MutexLock lock(mutex_);
  jobs_.erase(job);
  if (jobs_.empty()) changed_.NotifyAll();
}

std::size_t DeadlineWatch::size() const {
  const MutexLock lock(mutex_);
  return jobs_.size();
}

bool DeadlineWatch::WaitUntilEmpty(Deadline deadline) {
  const MutexLock lock(mutex_);
  while (!jobs_.empty()) {
    if (!changed_.WaitUntil(mutex_, deadline)) return jobs_.empty();
  }
  return true;
}

void DeadlineWatch::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      const MutexLock lock(mutex_);
      const Deadline wake = After(kPeriod);
      while (!stopping_ && changed_.WaitUntil(mutex_, wake)) {
      }
    }
    // The next round finds what this one missed.
    RunGuarded("deadline_watch_exception", [this] { AnswerExpired(); });
  }
}

void DeadlineWatch::AnswerExpired() {
  std::vector<std::shared_ptr<Job>> expired;
  {
    const MutexLock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    for (const auto& job : jobs_) {
      if (job->deadline() <= now) expired.push_back(job);
    }
  }
  for (const auto& job : expired) {
    job->Answer(Unavailable("the deadline passed before the certificate was signed").WithReason("deadline"));
    Remove(job);
  }
}

}  // namespace rootkeep
