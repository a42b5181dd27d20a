// Threads for what may take long, started as they are needed.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "keystore/base/mutex.h"

namespace rootkeep::spire {

// Thread-safe. Work is begun in the order in which it came; what it throws is logged and goes no further. Waits at its
// end for all that it has taken.
class Threads {
 public:
  using Work = std::function<void()>;

  // At most `most` at once, which stay; work beyond waits.
  Threads(unsigned most, std::size_t max_waiting) : most_(most), max_waiting_(max_waiting) {}
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads();

  // False when it is not taken: too much waits, or there is no thread at all. Throws for want of memory.
  [[nodiscard]] bool Post(Work work);

 private:
  bool StartThread() RK_REQUIRES(mutex_);
  void Serve();

  const std::size_t most_;
  const std::size_t max_waiting_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<Work> waiting_ RK_GUARDED_BY(mutex_);
  std::size_t idle_ RK_GUARDED_BY(mutex_) = 0;
  bool ending_ RK_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep::spire
