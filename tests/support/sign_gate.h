// Holds up the signatures of another process that has loaded the probe module.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <string>

#include "keystore/base/file.h"
#include "tests/support/probe_module.h"

namespace rootkeep::testing {

// Processes started while it lives inherit the gate, open until Shut. One at a time.
class SignGate {
 public:
  explicit SignGate(std::string path) : path_(std::move(path)) { setenv(kSignGate, path_.c_str(), 1); }
  ~SignGate() {
    Open();
    unsetenv(kSignGate);
  }
  SignGate(const SignGate&) = delete;
  SignGate& operator=(const SignGate&) = delete;

  // From here on whoever wants to sign waits inside C_Sign.
  void Shut() {
    if (mkfifo(path_.c_str(), 0600) != 0) std::abort();
  }
  // Returns when somebody waits there.
  void AwaitOne() { held_ = Fd(open(path_.c_str(), O_WRONLY | O_CLOEXEC)); }
  // Lets all go, who waited and who will come.
  void Open() {
    unlink(path_.c_str());
    held_ = Fd();
  }

 private:
  const std::string path_;
  Fd held_;
};

}  // namespace rootkeep::testing
