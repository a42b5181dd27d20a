// A second PKCS#11 implementation: Debian's libtpm2-pkcs11 on a TPM simulator, with a store of its own in a private
// directory.
#pragma once

#include <memory>
#include <string>

#include "keystore/key_store.h"
#include "keystore/pkcs11/store.h"
#include "tests/support/swtpm.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {

// The module reads its environment at C_Initialize, and the environment is the whole process's: one of these at a time.
// Failures abort the test program.
class Tpm2Pkcs11 {
 public:
  static constexpr const char* kLabel = "rootkeep-tpm";
  static constexpr const char* kPin = "738104";

  // The module on this system.
  static std::string ModulePath();

  // With one token, kLabel, on a TPM of its own.
  Tpm2Pkcs11();
  Tpm2Pkcs11(const Tpm2Pkcs11&) = delete;
  Tpm2Pkcs11& operator=(const Tpm2Pkcs11&) = delete;
  ~Tpm2Pkcs11();

  SwTpm& tpm() { return tpm_; }
  [[nodiscard]] const std::string& directory() const { return directory_.path(); }
  [[nodiscard]] std::string pin_source() const { return "file:" + (directory_ / "pin"); }
  // Names the simulator: without a TCTI the module would look for a TPM of this machine.
  [[nodiscard]] pkcs11::ModuleConfig module_config() const;

  // The module, loaded and initialised at first use and kept until UnloadModule or the end.
  std::shared_ptr<pkcs11::Module> module();
  void UnloadModule() { module_.reset(); }
  std::shared_ptr<KeyStore> OpenStore(pkcs11::StoreOptions options = {});

 private:
  SwTpm tpm_;
  const TempDir directory_;
  pkcs11::ModuleRegistry registry_;
  std::shared_ptr<pkcs11::Module> module_;
};

}  // namespace rootkeep::testing
