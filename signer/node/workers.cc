#include "signer/node/workers.h"

#include <utility>

#include "keystore/base/guard.h"

namespace rootkeep {

Workers::Workers(unsigned threads, std::size_t most_waiting) : most_waiting_(most_waiting) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

void Workers::Stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
  }
  wake_.NotifyAll();
  threads_.clear();
}

bool Workers::Post(std::function<void()> work) {
  {
    const MutexLock lock(mutex_);
    if (stopped_ || waiting_.size() >= most_waiting_) return false;
    waiting_.push_back(std::move(work));
  }
  wake_.NotifyOne();
  return true;
}

void Workers::PostAlways(std::function<void()> work) {
  {
    const MutexLock lock(mutex_);
    if (!stopped_) waiting_.push_back(std::exchange(work, nullptr));
  }
  if (work != nullptr) return static_cast<void>(RunGuarded("worker_exception", work));
  wake_.NotifyOne();
}

void Workers::Run() {
  for (;;) {
    std::function<void()> work;
    {
      const MutexLock lock(mutex_);
      while (waiting_.empty() && !stopped_) wake_.Wait(mutex_);
      if (waiting_.empty()) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    RunGuarded("worker_exception", work);
  }
}

}  // namespace rootkeep
