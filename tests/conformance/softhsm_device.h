// A SoftHSM token as the suite wants it, however its store is reached.
#pragma once

#include <p11-kit/pkcs11.h>

#include "keystore/pkcs11/generate.h"
#include "keystore/pkcs11/token.h"
#include "keystore/pkcs11/write_session.h"
#include "tests/conformance/keystore_suite.h"
#include "tests/support/softhsm.h"

namespace rootkeep::conformance {

class SoftHsmDevice : public Device {
 public:
  void TakeAway() override { hsm_.TakeAway(); }
  void GiveBack() override { hsm_.GiveBack(); }

  void MakeTwin(const KeyInfo& key) override {
    // Whoever made the key may be another process; this makes sure that the module is logged in here.
    const auto here = hsm_.OpenStore();
    ASSERT_THAT(here->List(Soon()), testing::IsOk());
    const auto use = hsm_.module()->Enter(Soon());
    const auto token = pkcs11::FindToken(*use, {.label = testing::SoftHsm::kLabel});
    const auto session = pkcs11::WriteSession::Open(*use, token->slot, Soon());
    ASSERT_THAT(pkcs11::GenerateKeyPair(*use, session->handle(), {}, key.label, key.id), testing::IsOk());
  }

 protected:
  testing::SoftHsm& hsm() { return hsm_; }

 private:
  testing::SoftHsm hsm_;
};

}  // namespace rootkeep::conformance
