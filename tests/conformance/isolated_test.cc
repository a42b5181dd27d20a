// The same backend behind a token host: what a caller sees does not depend on where the module is loaded.
#include "tests/support/isolated.h"
#include "tests/conformance/keystore_suite.h"
#include "tests/conformance/softhsm_device.h"

namespace rootkeep::conformance {
namespace {

class IsolatedDevice final : public SoftHsmDevice {
 public:
  KeyStore& store() override { return *store_; }

 private:
  const std::shared_ptr<KeyStore> store_ = testing::IsolatedStoreOf(hsm());
};

Backend IsolatedBackend() {
  return {.name = "IsolatedSoftHsm", .make = [] { return std::make_unique<IsolatedDevice>(); }};
}

INSTANTIATE_TEST_SUITE_P(Isolated, TypeSuite, ::testing::Combine(::testing::Values(IsolatedBackend()), AllTypes()),
                         TypeCaseName);
INSTANTIATE_TEST_SUITE_P(Isolated, Suite, ::testing::Values(IsolatedBackend()), BackendName);
INSTANTIATE_TEST_SUITE_P(Isolated, AmbiguitySuite, ::testing::Values(IsolatedBackend()), BackendName);
INSTANTIATE_TEST_SUITE_P(Isolated, RemovalSuite, ::testing::Values(IsolatedBackend()), BackendName);

}  // namespace
}  // namespace rootkeep::conformance
