// A TPM 2.0 simulator (swtpm) in a private directory, switched off and on again by a test.
#pragma once

#include <memory>
#include <string>

#include "tests/support/background.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {

// Listens on a Unix socket in its directory, so that nothing else can be reached by mistake and no port is taken.
// Failures abort the test program.
class SwTpm {
 public:
  // Manufactured and switched on: answers commands, TPM2_Startup(CLEAR) done.
  SwTpm();
  SwTpm(const SwTpm&) = delete;
  SwTpm& operator=(const SwTpm&) = delete;
  ~SwTpm();

  // Sessions and transient objects are lost with the power, persistent objects and NV are kept.
  void SwitchOff();
  void SwitchOn();

  // Takes every place that it has for objects, as a program does that leaves its own behind, until it is switched off.
  void Occupy();

  // The TCTI configuration that reaches this simulator and nothing else.
  [[nodiscard]] std::string tcti() const { return "swtpm:path=" + socket_; }

 private:
  const TempDir directory_;
  const std::string socket_ = directory_ / "tpm";
  std::unique_ptr<Background> process_;
};

}  // namespace rootkeep::testing
