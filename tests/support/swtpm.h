// A TPM 2.0 simulator (swtpm) in a private directory, switched off and on again by a test.
#pragma once

#include <memory>
#include <string>

#include "keystore/base/file.h"
#include "tests/support/background.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tpm_manufacturer.h"

namespace rootkeep::testing {

// Listens on a Unix socket in its directory, so that nothing else can be reached by mistake and no port is taken.
// Failures abort the test program.
class SwTpm {
 public:
  // Switched on: answers commands, TPM2_Startup(CLEAR) done. It has no EK and no certificate yet.
  SwTpm();
  // The same, made by `manufacturer`, with everything that TpmManufacturer::Manufacture says.
  SwTpm(const TpmManufacturer& manufacturer, const std::string& name);
  SwTpm(const SwTpm&) = delete;
  SwTpm& operator=(const SwTpm&) = delete;
  ~SwTpm();

  // Sessions and transient objects are lost with the power, persistent objects and NV are kept.
  void SwitchOff();
  void SwitchOn();
  // Off and on in order: PCRs are as at a boot, the reset count is one higher.
  void Reboot();
  // SIGKILL, and on again: as Reboot, but the clock may have gone back, and a key with dictionary attack protection
  // that was used counts one failure.
  void CutPower();

  // What the TPM keeps while it is switched off, for a test that puts an old state back.
  [[nodiscard]] std::string state_directory() const { return directory_ / "state"; }

  // Switches it off, and on again as the machine's own TPM looks, until the end: a character device, which one program
  // at a time opens. It is a terminal that leaves octets alone. Not to be switched afterwards.
  void BecomeDevice();

  // Takes every place that it has for objects, as a program does that leaves its own behind, until it is switched off.
  void Occupy();

  // The TCTI configuration that reaches this simulator and nothing else.
  [[nodiscard]] std::string tcti() const { return tcti_; }

 private:
  const TempDir directory_;
  const std::string socket_ = directory_ / "tpm";
  std::string tcti_ = "swtpm:path=" + socket_;
  Fd device_;   // the side that programs open, kept so that it stays as it was set up
  Fd machine_;  // swtpm's side
  std::unique_ptr<Background> process_;
};

}  // namespace rootkeep::testing
