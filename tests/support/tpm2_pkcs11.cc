#include "tests/support/tpm2_pkcs11.h"

#include <cstdio>
#include <cstdlib>

#include "keystore/base/file.h"
#include "keystore/pkcs11/token_setup.h"

namespace rootkeep::testing {
namespace {

constexpr const char* kOfficerPin = "94016725";
constexpr std::chrono::seconds kPatience{30};

void Require(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "Tpm2Pkcs11 fixture: %s\n", status.error().ToString().c_str());
  std::abort();
}

template <typename T>
T Require(Result<T> result) {
  if (!result.ok()) Require(Status(result.error()));
  return std::move(*result);
}

}  // namespace

std::string Tpm2Pkcs11::ModulePath() { return ROOTKEEP_TPM2_PKCS11_MODULE; }

Tpm2Pkcs11::Tpm2Pkcs11() {
  Require(MakeDirectory(directory_ / "store", 0700));
  Require(WriteFileAtomically(directory_ / "pin", std::string(kPin) + "\n", 0600));
  // The module makes its database in an empty store, and its C_InitToken a token in it.
  Require(pkcs11::SetUpToken(*module(), kLabel, SecretBytes(kOfficerPin), SecretBytes(kPin), After(kPatience)));
  UnloadModule();
  // The module leaves an object in the TPM that only the next boot, or a resource manager, removes.
  tpm_.SwitchOff();
  tpm_.SwitchOn();
}

Tpm2Pkcs11::~Tpm2Pkcs11() = default;

pkcs11::ModuleConfig Tpm2Pkcs11::module_config() const {
  return {
      .path = ModulePath(),
      .environment = {
          {"TPM2_PKCS11_STORE", directory_ / "store"}, {"TPM2_PKCS11_TCTI", tpm_.tcti()}, {"TSS2_LOG", "all+none"}}};
}

std::shared_ptr<pkcs11::Module> Tpm2Pkcs11::module() {
  if (module_ != nullptr) return module_;
  module_ = Require(registry_.Load(module_config()));
  // A failure is what a TPM that is switched off looks like; stores get over it.
  (void)module_->Initialise(After(kPatience));
  return module_;
}

std::shared_ptr<KeyStore> Tpm2Pkcs11::OpenStore(pkcs11::StoreOptions options) {
  const auto pin = Require(pkcs11::PinSource::Parse(pin_source()));
  return Require(pkcs11::OpenStore(module(), {.label = kLabel}, pin, options));
}

}  // namespace rootkeep::testing
