#include "providers/spire/plugin/threads.h"

#include <exception>
#include <utility>

#include "keystore/base/guard.h"

namespace rootkeep::spire {

Threads::~Threads() {
  std::vector<std::jthread> threads;
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    threads.swap(threads_);
    changed_.NotifyAll();
  }
}

bool Threads::Post(Work work) {
  const MutexLock lock(mutex_);
  if (ending_ || waiting_.size() >= max_waiting_) return false;
  waiting_.push_back(std::move(work));
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

bool Threads::StartThread() {
  try {
    threads_.emplace_back([this] { Serve(); });
    return true;
  } catch (const std::exception&) {  // std::system_error: the kernel gives none
    return false;
  }
}

void Threads::Serve() {
  for (;;) {
    Work work;
    {
      const MutexLock lock(mutex_);
      ++idle_;
      while (waiting_.empty() && !ending_) changed_.Wait(mutex_);
      --idle_;
      if (waiting_.empty()) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    RunGuarded("spire.exception", work);
  }
}

}  // namespace rootkeep::spire
