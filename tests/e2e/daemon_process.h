// rootkeepd as a process of its own, with a configuration file that a test edits and signals that it sends.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/istio_call.h"
#include "tests/support/temp_dir.h"
#include "tools/rootkeep/sandbox/sandbox.h"

namespace rootkeep::testing {

// Each test has a sandbox: a token, a CA in it and a token issuer.
class DaemonProcess : public ::testing::Test {
 protected:
  static constexpr std::chrono::seconds kPatience{30};

  // Everything but the process. `module_path` is SoftHSM's, or a module's that passes calls on to it.
  void Prepare(const std::string& module_path);
  void Start();

  [[nodiscard]] std::string Config() const;
  // Writes `config` over the daemon's.
  void Configure(const std::string& config) const;
  // Config() with `added` in front of the line that begins with `line`.
  [[nodiscard]] std::string ConfigWith(const std::string& added, const std::string& line) const;

  void Signal(int number) const;
  // SIGHUP; everything the daemon logs until it has judged its configuration, and whatever it adds before it answers
  // the next call.
  std::vector<cli::LogLine> Hangup();

  // The sandbox's issuer's token for this account.
  [[nodiscard]] std::string Token(const std::string& ns, const std::string& service_account) const;
  [[nodiscard]] IstioAnswer Ask(const IstioCall& call) const;
  [[nodiscard]] IstioAnswer AskAs(const std::string& ns, const std::string& service_account, IstioCall call = {}) const;

  [[nodiscard]] const cli::SoftToken& token() const { return sandbox_->token(); }
  [[nodiscard]] const cli::SandboxFiles& files() const { return sandbox_->files(); }
  [[nodiscard]] cli::RunningDaemon& daemon() const { return sandbox_->daemon(); }
  [[nodiscard]] std::string File(const std::string& name) const { return directory_ / name; }

 private:
  const TempDir directory_;
  std::unique_ptr<cli::Sandbox> sandbox_;
  std::string root_pem_;
};

}  // namespace rootkeep::testing
