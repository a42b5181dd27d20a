// A running `rootkeep dev`, as a person at a terminal has it.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "keystore/base/clock.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tools/rootkeep/sandbox/child.h"

namespace rootkeep::testing {

class DevProcess {
 public:
  static constexpr std::chrono::seconds kPatience{60};

  // Waits until it has printed everything. `ok()` is false when it ended instead.
  explicit DevProcess(std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"/usr/bin/env", "-u", "XDG_RUNTIME_DIR", "TMPDIR=" + dir_.path(), ROOTKEEP_BINARY,
                                     "dev", "--daemon", ROOTKEEPD_BINARY});
    auto child = cli::Child::Start(options, log_);
    EXPECT_THAT(child, IsOk());
    if (!child.ok()) return;
    child_ = std::make_unique<cli::Child>(std::move(*child));
    const Deadline deadline = After(kPatience);
    while (Output().find("Ctrl-C") == std::string::npos) {
      if (child_->WaitEnded(std::chrono::milliseconds(5)) || std::chrono::steady_clock::now() > deadline) return;
    }
    ok_ = true;
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::string Output() const {
    std::ostringstream text;
    text << std::ifstream(log_).rdbuf();
    return text.str();
  }

  // What stands behind `export NAME=`.
  [[nodiscard]] std::string Exported(const std::string& name) const { return Found("export " + name + "=(\\S+)"); }
  // The line that begins so.
  [[nodiscard]] std::string Line(const std::string& beginning) const { return Found("(?:^|\n)(" + beginning + ".*)"); }
  [[nodiscard]] pid_t DaemonPid() const { return std::stoi(Found("\\(process (\\d+)\\)")); }
  [[nodiscard]] const cli::Child& child() const { return *child_; }

  // Ctrl-C; the exit code.
  int Interrupt() {
    kill(child_->pid(), SIGINT);
    EXPECT_TRUE(child_->WaitEnded(kPatience));
    return child_->Stop(kPatience);
  }
  // The exit code of one that ended by itself.
  int Ended() {
    EXPECT_TRUE(child_->WaitEnded(kPatience));
    return child_->Stop(kPatience);
  }

  // Where it makes its private directory; holds nothing else.
  [[nodiscard]] std::string temporary_root() const { return dir_.path(); }

 private:
  [[nodiscard]] std::string Found(const std::string& pattern) const {
    const std::string output = Output();
    std::smatch match;
    return std::regex_search(output, match, std::regex(pattern)) ? match[1].str() : "";
  }

  TempDir dir_;
  TempDir log_dir_;
  std::string log_ = log_dir_ / "log";
  std::unique_ptr<cli::Child> child_;
  bool ok_ = false;
};

}  // namespace rootkeep::testing
