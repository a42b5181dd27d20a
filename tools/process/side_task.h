// What must not keep main from its next signal.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "keystore/base/result.h"

namespace rootkeep {

// Runs one task at a time on a thread of its own. Used by one thread.
class SideTask {
 public:
  // What the task throws is logged and ends only the task. UNAVAILABLE, and nothing is done, while the last one is
  // still running or when no thread can be started.
  Status Start(std::function<void()> task);
  // Waits for the last one.
  void Wait();

 private:
  std::atomic<bool> running_ = false;
  std::jthread thread_;
};

// Ends the process with status 0 when it has not ended by itself `limit` from now: a thread inside a module that does
// not return cannot be joined. Called when everything has been answered and recorded.
void EndProcessAfter(std::chrono::milliseconds limit);

}  // namespace rootkeep
