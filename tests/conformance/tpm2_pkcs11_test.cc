// The PKCS#11 backend over tpm2-pkcs11, on a TPM simulator.
#include "tests/support/tpm2_pkcs11.h"
#include <p11-kit/pkcs11.h>

#include "keystore/pkcs11/generate.h"
#include "keystore/pkcs11/token.h"
#include "keystore/pkcs11/write_session.h"
#include "tests/conformance/keystore_suite.h"

namespace rootkeep::conformance {
namespace {

class Tpm2Device final : public Device {
 public:
  KeyStore& store() override { return *store_; }
  void TakeAway() override { token_.tpm().SwitchOff(); }
  void GiveBack() override { token_.tpm().SwitchOn(); }

  void MakeTwin(const KeyInfo& key) override {
    const auto use = token_.module()->Enter(Soon());
    const auto token = pkcs11::FindToken(*use, {.label = testing::Tpm2Pkcs11::kLabel});
    const auto session = pkcs11::WriteSession::Open(*use, token->slot, Soon());
    ASSERT_THAT(pkcs11::GenerateKeyPair(*use, session->handle(), {}, key.label, key.id), testing::IsOk());
  }

 private:
  testing::Tpm2Pkcs11 token_;
  const std::shared_ptr<KeyStore> store_ = token_.OpenStore();
};

Backend Tpm2Backend() {
  return {.name = "Tpm2Pkcs11",
          .make = [] { return std::make_unique<Tpm2Device>(); },
          .types_not_offered = {KeyType::kRsa2048, KeyType::kRsa3072, KeyType::kRsa4096, KeyType::kEd25519}};
}

INSTANTIATE_TEST_SUITE_P(Pkcs11, TypeSuite, ::testing::Combine(::testing::Values(Tpm2Backend()), AllTypes()),
                         TypeCaseName);
INSTANTIATE_TEST_SUITE_P(Pkcs11, Suite, ::testing::Values(Tpm2Backend()), BackendName);
INSTANTIATE_TEST_SUITE_P(Pkcs11, AmbiguitySuite, ::testing::Values(Tpm2Backend()), BackendName);
INSTANTIATE_TEST_SUITE_P(Pkcs11, RemovalSuite, ::testing::Values(Tpm2Backend()), BackendName);

}  // namespace
}  // namespace rootkeep::conformance
