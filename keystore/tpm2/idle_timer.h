// Says when nothing has happened for a while.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <thread>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"

namespace rootkeep::tpm2 {

// Calls `then` on a thread of its own when `idle` has passed since the last Touch, once for each such silence, and
// again after as long when it returns false: it was not as quiet as it seemed. Thread-safe.
class IdleTimer {
 public:
  IdleTimer(std::chrono::milliseconds idle, std::function<bool()> then);
  ~IdleTimer();  // waits for `then` to return
  IdleTimer(const IdleTimer&) = delete;
  IdleTimer& operator=(const IdleTimer&) = delete;

  // Wakes nobody: the thread looks at the end of the time that it knew of.
  void Touch();

 private:
  // False at the end.
  bool AwaitSilence();

  const std::chrono::milliseconds idle_;
  const std::function<bool()> then_;
  Mutex mutex_;
  CondVar changed_;
  std::optional<Deadline> ends_ RK_GUARDED_BY(mutex_);  // the silence
  bool closing_ RK_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace rootkeep::tpm2
