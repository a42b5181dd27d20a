// The TPM 2.0 backend over a TPM simulator.
#include "keystore/tpm2/store.h"
#include "tests/conformance/keystore_suite.h"
#include "tests/support/swtpm.h"

namespace rootkeep::conformance {
namespace {

using tpm2::SessionMode;

template <SessionMode mode>
class TpmDevice final : public Device {
 public:
  KeyStore& store() override { return *store_; }
  void TakeAway() override { swtpm_.SwitchOff(); }
  void GiveBack() override { swtpm_.SwitchOn(); }

 private:
  std::shared_ptr<KeyStore> OpenStore() {
    tpm2::QuietTss2();
    auto tpm = tpm2::Tpm::Open({.transport = {.tcti = swtpm_.tcti()}, .turn_file = directory_ / "turn"});
    return *tpm2::OpenStore(*tpm, {.name = "tpm0", .directory = directory_ / ".", .session = mode});
  }

  const testing::TempDir directory_;
  testing::SwTpm swtpm_;
  const std::shared_ptr<KeyStore> store_ = OpenStore();
};

template <SessionMode mode>
Backend TpmBackend(const std::string& name) {
  return {.name = name,
          .make = [] { return std::make_unique<TpmDevice<mode>>(); },
          .types_not_offered = {KeyType::kRsa4096, KeyType::kEd25519}};
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
