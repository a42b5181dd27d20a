// A program that runs as long as we do.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "keystore/base/file.h"
#include "keystore/base/result.h"

namespace rootkeep::cli {

// Owns one child process. It is in a process group of its own, so that Ctrl-C reaches it through us only, and it gets
// SIGTERM from the kernel should we die without stopping it.
class Child {
 public:
  // Runs `argv` (argv[0] is the program's path) with standard output and error appended to `log_path` and no input.
  static Result<Child> Start(const std::vector<std::string>& argv, const std::string& log_path);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Stops it within a few seconds.
  ~Child() { (void)Stop(std::chrono::seconds(5)); }

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Readable (poll(2)) once the process has ended.
  [[nodiscard]] int ended_fd() const { return pidfd_.get(); }
  // Whether it has ended, waiting at most that long.
  [[nodiscard]] bool WaitEnded(std::chrono::milliseconds patience) const;

  // SIGTERM, and SIGKILL when it has not ended after `patience`. The exit code; 128 plus the signal when one ended it.
  int Stop(std::chrono::milliseconds patience);

 private:
  Child(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_ = -1;  // -1: stopped or moved from
  Fd pidfd_;
  int exit_code_ = 0;
};

}  // namespace rootkeep::cli
