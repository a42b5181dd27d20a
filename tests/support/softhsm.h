// SoftHSM2 tokens in a private directory: real PKCS#11, nothing outside the directory, taken away and given back by
// renaming.
#pragma once

#include <memory>
#include <string>

#include "keystore/key_store.h"
#include "keystore/pkcs11/store.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {

// SoftHSM reads its configuration from SOFTHSM2_CONF, which is the whole process's: any number of fixtures may exist,
// but the module is loaded (module(), OpenStore()) by one at a time. Failures abort the test program.
class SoftHsm {
 public:
  static constexpr const char* kLabel = "rootkeep-test";
  static constexpr const char* kPin = "738104";

  // SoftHSM's module on this system.
  static std::string ModulePath();

  // With one token, kLabel. `module_path` may be a module that passes calls on to SoftHSM.
  explicit SoftHsm(std::string module_path = ModulePath());
  SoftHsm(const SoftHsm&) = delete;
  SoftHsm& operator=(const SoftHsm&) = delete;
  ~SoftHsm();

  // Another token beside the first; same PIN. Before the module is loaded.
  void AddToken(const std::string& label);

  [[nodiscard]] const std::string& directory() const { return directory_.path(); }
  [[nodiscard]] std::string conf_file() const { return directory_ / "softhsm2.conf"; }
  // Mode 0600, with kPin.
  [[nodiscard]] std::string pin_file() const { return directory_ / "pin"; }
  [[nodiscard]] std::string pin_source() const { return "file:" + pin_file(); }
  [[nodiscard]] pkcs11::ModuleConfig module_config() const;

  // The module, loaded and initialised at first use and kept until UnloadModule or the end.
  std::shared_ptr<pkcs11::Module> module();
  // Ends the module (C_Finalize) as soon as no store or signer uses it.
  void UnloadModule() { module_.reset(); }

  // A store for the token with this label, through module().
  std::shared_ptr<KeyStore> OpenStore(const std::string& label = kLabel, pkcs11::StoreOptions options = {});

  // Renames the directory of all tokens, so that the module finds none and cannot even be initialised.
  void TakeAway();
  void GiveBack();
  // The same for one token: the module works, the token is not there.
  void TakeAway(const std::string& label);
  void GiveBack(const std::string& label);

 private:
  [[nodiscard]] std::string TokenDirectory(const std::string& label) const;

  const std::string module_path_;
  TempDir directory_;
  std::map<std::string, std::string> tokens_;  // label to directory name
  pkcs11::ModuleRegistry registry_;
  std::shared_ptr<pkcs11::Module> module_;
};

}  // namespace rootkeep::testing
