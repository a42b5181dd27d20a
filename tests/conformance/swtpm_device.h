// A TPM simulator with the TPM 2.0 backend's store as the suite wants it, however that is reached.
#pragma once

#include "keystore/tpm2/store.h"
#include "tests/conformance/keystore_suite.h"
#include "tests/support/swtpm.h"

namespace rootkeep::conformance {

class SwTpmDevice : public Device {
 public:
  void TakeAway() override { swtpm_.SwitchOff(); }
  void GiveBack() override { swtpm_.SwitchOn(); }

 protected:
  [[nodiscard]] const testing::TempDir& directory() const { return directory_; }

  std::shared_ptr<KeyStore> OpenTpmStore(tpm2::SessionMode mode) {
    tpm2::QuietTss2();
    auto tpm = tpm2::Tpm::Open({.transport = {.tcti = swtpm_.tcti()}, .turn_file = directory_ / "turn"});
    return *tpm2::OpenStore(*tpm, {.name = "tpm0", .directory = directory_ / ".", .session = mode});
  }

 private:
  const testing::TempDir directory_;
  testing::SwTpm swtpm_;
};

// What the simulator does not have, and no TPM of today.
inline const std::set<KeyType> kTpmTypesNotOffered = {KeyType::kRsa4096, KeyType::kEd25519};

}  // namespace rootkeep::conformance
