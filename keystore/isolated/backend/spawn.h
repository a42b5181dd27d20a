// The token host as a process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "keystore/base/file.h"
#include "keystore/base/result.h"

namespace rootkeep::isolated {

// A child of this process. Whoever has it ends it with Reap.
struct Spawned {
  pid_t pid;
  Fd pidfd;  // until it is reaped

  void Kill() const;
  // False when it still runs after `patience`.
  [[nodiscard]] bool WaitEnded(std::chrono::milliseconds patience) const;
  // Kills the process, if it still runs, and gives its exit status in words; nothing when it is not gone within two
  // seconds, because the kernel holds it. Nothing is left to reap after a success.
  std::optional<std::string> Reap();
};

// Runs `program` in a session of its own with `control` as kControlFd, nothing to read, and this process's standard
// error for both outputs. FAILED_PRECONDITION "token_host_program" when it cannot be run.
Result<Spawned> Spawn(const std::string& program, int control);

}  // namespace rootkeep::isolated
