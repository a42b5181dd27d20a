// Threads for work that may block, so that those that poll the network need not.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "keystore/base/mutex.h"

namespace rootkeep {

// Thread-safe. Work is begun in the order in which it came; what it throws is logged and goes no further.
class Workers {
 public:
  Workers(unsigned threads, std::size_t most_waiting);
  ~Workers() { Stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // False, and nothing is done, when `most_waiting` wait already, or after Stop.
  [[nodiscard]] bool Post(std::function<void()> work);
  // For what belongs to work that was let in, however much waits; after Stop it is done here and now.
  void PostAlways(std::function<void()> work);

  // Does what waits, and returns when all is done; Post is false from now on. More than once does nothing.
  void Stop();

 private:
  void Run();

  const std::size_t most_waiting_;
  Mutex mutex_;
  CondVar wake_;
  std::deque<std::function<void()>> waiting_ RK_GUARDED_BY(mutex_);
  bool stopped_ RK_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;
};

}  // namespace rootkeep
