// A program that runs beside the test and ends with it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace rootkeep::testing {

// Not movable. The kernel sends it SIGTERM should the test die first. Failures abort the test program.
class Background {
 public:
  // The descriptor by which the program has `inherited`.
  static constexpr int kInherited = 3;

  // argv[0] is looked up in PATH. Standard output and error are appended to `log_path`; there is no input. It has no
  // other descriptor of this process: libtss2's sockets are not closed on exec, and a simulator that another one holds
  // a connection to answers nobody else.
  Background(std::vector<std::string> argv, std::string log_path, int inherited = -1);
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  // SIGTERM and, when it has not ended after a few seconds, SIGKILL.
  ~Background();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Whether it runs; once it does not, it has been waited for.
  [[nodiscard]] bool Running();
  // What it has said so far, for messages.
  [[nodiscard]] std::string Log() const;
  // SIGKILL, as a power failure.
  void Kill();

 private:
  const std::string log_path_;
  pid_t pid_ = -1;  // -1: ended
};

}  // namespace rootkeep::testing
