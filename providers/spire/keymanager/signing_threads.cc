#include "providers/spire/keymanager/signing_threads.h"

#include <algorithm>
#include <exception>

namespace rootkeep::spire {

SigningThreads::~SigningThreads() {
  std::vector<std::jthread> threads;
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    threads.swap(threads_);
    changed_.NotifyAll();
  }
}

void SigningThreads::Learn(Outcome outcome, std::chrono::steady_clock::duration took) {
  if (outcome == Outcome::kFailed) return;
  if (took > kSlow) slow_.store(true, std::memory_order_relaxed);
  if (outcome == Outcome::kNotDone) return;
  if (took < kQuick) slow_.store(false, std::memory_order_relaxed);
}

bool SigningThreads::TryHere(const Work& work, Deadline deadline) {
  const auto began = std::chrono::steady_clock::now();
  const Outcome outcome = work(std::min(deadline, began + kSoon), true);
  Learn(outcome, std::chrono::steady_clock::now() - began);
  return outcome != Outcome::kNotDone;
}

bool SigningThreads::Run(Work work, Deadline deadline) {
  if (!slow_.load(std::memory_order_relaxed) && TryHere(work, deadline)) return true;
  return Hand({.work = std::move(work), .deadline = deadline});
}

bool SigningThreads::Hand(Job job) {
  const MutexLock lock(mutex_);
  if (ending_ || waiting_.size() >= max_waiting_) return false;
  waiting_.push_back(std::move(job));
  if (idle_ < waiting_.size() && threads_.size() < most_) {
    // Without it the others serve; the first one has to be had.
    if (!StartThread() && threads_.empty()) {
      waiting_.pop_back();
      return false;
    }
  }
  changed_.NotifyOne();
  return true;
}

bool SigningThreads::StartThread() {
  try {
    threads_.emplace_back([this] { Serve(); });
    return true;
  } catch (const std::exception&) {  // std::system_error: the kernel gives none
    return false;
  }
}

void SigningThreads::Serve() {
  for (;;) {
    Job job;
    {
      const MutexLock lock(mutex_);
      ++idle_;
      while (waiting_.empty() && !ending_) changed_.Wait(mutex_);
      --idle_;
      if (waiting_.empty()) return;
      job = std::move(waiting_.front());
      waiting_.pop_front();
    }
    const auto began = std::chrono::steady_clock::now();
    const Outcome outcome = job.work(job.deadline, false);
    Learn(outcome, std::chrono::steady_clock::now() - began);
  }
}

}  // namespace rootkeep::spire
