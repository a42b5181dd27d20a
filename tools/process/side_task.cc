#include "tools/process/side_task.h"

#include <unistd.h>

#include "keystore/base/guard.h"
#include "keystore/base/log.h"

namespace rootkeep {

Status SideTask::Start(std::function<void()> task) {
  if (running_.exchange(true)) return Unavailable("the one before has not ended");
  Wait();
  const bool started = RunGuarded("thread_not_started", [&] {
    thread_ = std::jthread([this, task = std::move(task)] {
      RunGuarded("task_exception", task);
      running_ = false;
    });
  });
  if (started) return Ok();
  running_ = false;
  return Unavailable("no thread could be started for it").WithHint("see TasksMax and ulimit -u");
}

void SideTask::Wait() {
  if (thread_.joinable()) thread_.join();
}

void EndProcessAfter(std::chrono::milliseconds limit) {
  std::thread([limit] {
    std::this_thread::sleep_for(limit);
    log::Warning("stop_forced", {{"detail", "something has not ended: a call into a module, say"}});
    log::Stop();
    _exit(0);
  }).detach();
}

}  // namespace rootkeep
