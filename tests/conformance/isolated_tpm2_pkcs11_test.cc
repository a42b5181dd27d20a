// tpm2-pkcs11 behind a token host: it reaches its TPM and its store from there, with everything given up that a host
// gives up.
#include "tests/conformance/keystore_suite.h"
#include "tests/conformance/tpm2_device.h"
#include "tests/support/eventually.h"
#include "tests/support/isolated.h"

namespace rootkeep::conformance {
namespace {

std::shared_ptr<KeyStore> Behind(const testing::Tpm2Pkcs11& token) {
  return testing::IsolatedStoreOf(testing::HostOptionsFor(token.module_config(), testing::Tpm2Pkcs11::kLabel,
                                                          token.pin_source(), token.directory() + "/pins"));
}

class IsolatedTpm2Device final : public Tpm2Device {
 public:
  KeyStore& store() override { return *store_; }

  // The host's module reads its store when it is initialised, so it has to find its TPM gone once. What this process
  // left in the TPM goes with it.
  void MakeTwin(const KeyInfo& key) override {
    Tpm2Device::MakeTwin(key);
    token().UnloadModule();
    TakeAway();
    ASSERT_THAT(store_->health()->Probe(Soon()), testing::HasCode(Code::kUnavailable));
    GiveBack();
    ASSERT_TRUE(testing::Eventually([this] { return store_->health()->Probe(Soon()).ok(); }));
  }

 private:
  const std::shared_ptr<KeyStore> store_ = Behind(token());
};

// As with a TPM of the machine's, which the module reaches by libtss2's device TCTI.
class IsolatedTpm2DeviceFile final : public Tpm2Device {
 public:
  IsolatedTpm2DeviceFile() {
    token().tpm().BecomeDevice();
    store_ = Behind(token());
  }
  KeyStore& store() override { return *store_; }

 private:
  std::shared_ptr<KeyStore> store_;
};

Backend IsolatedBackend() {
  return {.name = "IsolatedTpm2Pkcs11",
          .make = [] { return std::make_unique<IsolatedTpm2Device>(); },
          .types_not_offered = kTpm2TypesNotOffered};
}

Backend DeviceFileBackend() {
  Backend backend = IsolatedBackend();
  backend.name = "IsolatedTpm2DeviceFile";
  backend.make = [] { return std::make_unique<IsolatedTpm2DeviceFile>(); };
  return backend;
}

INSTANTIATE_TEST_SUITE_P(Isolated, TypeSuite, ::testing::Combine(::testing::Values(IsolatedBackend()), AllTypes()),
                         TypeCaseName);
INSTANTIATE_TEST_SUITE_P(Isolated, Suite, ::testing::Values(IsolatedBackend()), BackendName);
INSTANTIATE_TEST_SUITE_P(DeviceFile, TypeSuite, ::testing::Combine(::testing::Values(DeviceFileBackend()), AllTypes()),
                         TypeCaseName);
INSTANTIATE_TEST_SUITE_P(DeviceFile, Suite, ::testing::Values(DeviceFileBackend()), BackendName);
INSTANTIATE_TEST_SUITE_P(Isolated, AmbiguitySuite, ::testing::Values(IsolatedBackend()), BackendName);
INSTANTIATE_TEST_SUITE_P(Isolated, RemovalSuite, ::testing::Values(IsolatedBackend()), BackendName);

}  // namespace
}  // namespace rootkeep::conformance
