#include "tools/process/side_task.h"

#include <unistd.h>

#include "keystore/base/log.h"

namespace rootkeep {

bool SideTask::Start(std::function<void()> task) {
  if (running_.exchange(true)) return false;
  Wait();
  thread_ = std::jthread([this, task = std::move(task)] {
    task();
    running_ = false;
  });
  return true;
}

void SideTask::Wait() {
  if (thread_.joinable()) thread_.join();
}

void EndProcessAfter(std::chrono::milliseconds limit) {
  std::thread([limit] {
    std::this_thread::sleep_for(limit);
    log::Warning("stop_forced", {{"detail", "a call into a module has not returned"}});
    log::Stop();
    _exit(0);
  }).detach();
}

}  // namespace rootkeep
