#include "keystore/tpm2/idle_timer.h"

#include <utility>

namespace rootkeep::tpm2 {

IdleTimer::IdleTimer(std::chrono::milliseconds idle, std::function<bool()> then)
    : idle_(idle), then_(std::move(then)), thread_([this] {
        while (AwaitSilence()) {
          if (!then_()) Touch();
        }
      }) {}

IdleTimer::~IdleTimer() {
  {
    const MutexLock lock(mutex_);
    closing_ = true;
    changed_.NotifyOne();
  }
  thread_.join();
}

void IdleTimer::Touch() {
  const MutexLock lock(mutex_);
  const bool asleep = !ends_;
  ends_ = After(idle_);
  if (asleep) changed_.NotifyOne();
}

bool IdleTimer::AwaitSilence() {
  const MutexLock lock(mutex_);
  while (!closing_) {
    if (!ends_) {
      changed_.Wait(mutex_);
    } else if (std::chrono::steady_clock::now() >= *ends_) {
      ends_.reset();
      return true;
    } else {
      changed_.WaitUntil(mutex_, *ends_);
    }
  }
  return false;
}

}  // namespace rootkeep::tpm2
