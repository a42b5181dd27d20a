// The TPM 2.0 backend over a TPM simulator.
#include "tests/conformance/swtpm_device.h"

namespace rootkeep::conformance {
namespace {

using tpm2::SessionMode;

template <SessionMode mode>
class TpmDevice final : public SwTpmDevice {
 public:
  KeyStore& store() override { return *store_; }

 private:
  const std::shared_ptr<KeyStore> store_ = OpenTpmStore(mode);
};

template <SessionMode mode>
Backend TpmBackend(const std::string& name) {
  return {.name = name,
          .make = [] { return std::make_unique<TpmDevice<mode>>(); },
          .types_not_offered = kTpmTypesNotOffered};
}

Backend Password() { return TpmBackend<SessionMode::kPassword>("Tpm2Password"); }
Backend Salted() { return TpmBackend<SessionMode::kSalted>("Tpm2Salted"); }

// Two keys cannot have one label: it is a name in a directory. That two may be copies, and have one id, is in
// tests/unit/keystore/tpm2.
INSTANTIATE_TEST_SUITE_P(Tpm2, TypeSuite, ::testing::Combine(::testing::Values(Password(), Salted()), AllTypes()),
                         TypeCaseName);
INSTANTIATE_TEST_SUITE_P(Tpm2, Suite, ::testing::Values(Password(), Salted()), BackendName);
INSTANTIATE_TEST_SUITE_P(Tpm2, RemovalSuite, ::testing::Values(Password(), Salted()), BackendName);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AmbiguitySuite);

}  // namespace
}  // namespace rootkeep::conformance
