// The PKCS#11 backend over SoftHSM.
#include "tests/conformance/keystore_suite.h"
#include "tests/conformance/softhsm_device.h"

namespace rootkeep::conformance {
namespace {

class ModuleDevice final : public SoftHsmDevice {
 public:
  KeyStore& store() override { return *store_; }

 private:
  const std::shared_ptr<KeyStore> store_ = hsm().OpenStore();
};

Backend SoftHsmBackend() {
  return {.name = "SoftHsm", .make = [] { return std::make_unique<ModuleDevice>(); }};
}

INSTANTIATE_TEST_SUITE_P(Pkcs11, TypeSuite, ::testing::Combine(::testing::Values(SoftHsmBackend()), AllTypes()),
                         TypeCaseName);
INSTANTIATE_TEST_SUITE_P(Pkcs11, Suite, ::testing::Values(SoftHsmBackend()), BackendName);
INSTANTIATE_TEST_SUITE_P(Pkcs11, AmbiguitySuite, ::testing::Values(SoftHsmBackend()), BackendName);
INSTANTIATE_TEST_SUITE_P(Pkcs11, RemovalSuite, ::testing::Values(SoftHsmBackend()), BackendName);

}  // namespace
}  // namespace rootkeep::conformance
