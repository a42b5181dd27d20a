// The PKCS#11 backend over SoftHSM.
#include <p11-kit/pkcs11.h>

#include "keystore/pkcs11/generate.h"
#include "keystore/pkcs11/token.h"
#include "keystore/pkcs11/write_session.h"
#include "tests/conformance/keystore_suite.h"
#include "tests/support/softhsm.h"

namespace rootkeep::conformance {
namespace {

class SoftHsmDevice final : public Device {
 public:
  KeyStore& store() override { return *store_; }
  void TakeAway() override { hsm_.TakeAway(); }
  void GiveBack() override { hsm_.GiveBack(); }

  void MakeTwin(const KeyInfo& key) override {
    const auto use = hsm_.module()->Enter(Soon());
    const auto token = pkcs11::FindToken(*use, {.label = testing::SoftHsm::kLabel});
    const auto session = pkcs11::WriteSession::Open(*use, token->slot);
    ASSERT_THAT(pkcs11::GenerateKeyPair(*use, session->handle(), {}, key.label, key.id), testing::IsOk());
  }

 private:
  testing::SoftHsm hsm_;
  const std::shared_ptr<KeyStore> store_ = hsm_.OpenStore();
};

Backend SoftHsmBackend() {
  return {.name = "SoftHsm", .make = [] { return std::make_unique<SoftHsmDevice>(); }};
}

INSTANTIATE_TEST_SUITE_P(Pkcs11, TypeSuite, ::testing::Combine(::testing::Values(SoftHsmBackend()), AllTypes()),
                         TypeCaseName);
INSTANTIATE_TEST_SUITE_P(Pkcs11, Suite, ::testing::Values(SoftHsmBackend()), BackendName);
INSTANTIATE_TEST_SUITE_P(Pkcs11, AmbiguitySuite, ::testing::Values(SoftHsmBackend()), BackendName);
INSTANTIATE_TEST_SUITE_P(Pkcs11, RemovalSuite, ::testing::Values(SoftHsmBackend()), BackendName);

}  // namespace
}  // namespace rootkeep::conformance
