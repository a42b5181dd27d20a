// A tpm2-pkcs11 token as the suite wants it, however its store is reached.
#pragma once

#include <p11-kit/pkcs11.h>

#include "keystore/pkcs11/generate.h"
#include "keystore/pkcs11/token.h"
#include "keystore/pkcs11/write_session.h"
#include "tests/conformance/keystore_suite.h"
#include "tests/support/tpm2_pkcs11.h"

namespace rootkeep::conformance {

class Tpm2Device : public Device {
 public:
  void TakeAway() override { token_.tpm().SwitchOff(); }
  void GiveBack() override { token_.tpm().SwitchOn(); }

  void MakeTwin(const KeyInfo& key) override {
    // Whoever made the key may be another process; this makes sure that the module is logged in here.
    const auto here = token_.OpenStore();
    ASSERT_THAT(here->List(Soon()), testing::IsOk());
    const auto use = token_.module()->Enter(Soon());
    const auto token = pkcs11::FindToken(*use, {.label = testing::Tpm2Pkcs11::kLabel});
    const auto session = pkcs11::WriteSession::Open(*use, token->slot, Soon());
    ASSERT_THAT(pkcs11::GenerateKeyPair(*use, session->handle(), {}, key.label, key.id), testing::IsOk());
  }

 protected:
  testing::Tpm2Pkcs11& token() { return token_; }

 private:
  testing::Tpm2Pkcs11 token_;
};

// What the module does not have (keystore/README.md).
inline const std::set<KeyType> kTpm2TypesNotOffered = {KeyType::kRsa2048, KeyType::kRsa3072, KeyType::kRsa4096,
                                                       KeyType::kEd25519};

}  // namespace rootkeep::conformance
