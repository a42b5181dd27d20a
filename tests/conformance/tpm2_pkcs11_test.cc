// The PKCS#11 backend over tpm2-pkcs11, on a TPM simulator.
#include "tests/conformance/keystore_suite.h"
#include "tests/conformance/tpm2_device.h"

namespace rootkeep::conformance {
namespace {

class ModuleDevice final : public Tpm2Device {
 public:
  KeyStore& store() override { return *store_; }

 private:
  const std::shared_ptr<KeyStore> store_ = token().OpenStore();
};

Backend Tpm2Backend() {
  return {.name = "Tpm2Pkcs11",
          .make = [] { return std::make_unique<ModuleDevice>(); },
          .types_not_offered = kTpm2TypesNotOffered};
}

INSTANTIATE_TEST_SUITE_P(Pkcs11, TypeSuite, ::testing::Combine(::testing::Values(Tpm2Backend()), AllTypes()),
                         TypeCaseName);
INSTANTIATE_TEST_SUITE_P(Pkcs11, Suite, ::testing::Values(Tpm2Backend()), BackendName);
INSTANTIATE_TEST_SUITE_P(Pkcs11, AmbiguitySuite, ::testing::Values(Tpm2Backend()), BackendName);
INSTANTIATE_TEST_SUITE_P(Pkcs11, RemovalSuite, ::testing::Values(Tpm2Backend()), BackendName);

}  // namespace
}  // namespace rootkeep::conformance
