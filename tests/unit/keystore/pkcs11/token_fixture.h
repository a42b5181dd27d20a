// A SoftHSM token behind the probe module, with one key to sign with.
#pragma once

#include "keystore/pkcs11/store.h"
#include "tests/support/matchers.h"
#include "tests/support/probe_module.h"
#include "tests/support/softhsm.h"

namespace rootkeep::pkcs11 {

inline Deadline Soon() { return After(std::chrono::seconds(20)); }

// Calls `done` until it is true; false when that takes longer than ten seconds.
template <typename Done>
bool Eventually(Done&& done) {
  const Deadline end = After(std::chrono::seconds(10));
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
  }
  return true;
}

class TokenFixture : public ::testing::Test {
 protected:
  TokenFixture() : hsm(rootkeep::testing::ProbeModulePath()), digest(*Digest(Hash::kSha256, AsBytes("message"))) {}

  void SetUp() override {
    store = hsm.OpenStore();
    probe = &rootkeep::testing::LoadedProbe();
    probe->Reset();
    const auto made = store->Create({.use = KeyUse::kApp, .name = "key"}, Soon());
    ASSERT_THAT(made, rootkeep::testing::IsOk());
    info = *made;
    const auto opened = store->Open(info->uri, Soon());
    ASSERT_THAT(opened, rootkeep::testing::IsOk());
    signer = *opened;
  }

  void TearDown() override { probe->Reset(); }

  [[nodiscard]] Result<Bytes> Sign(Deadline deadline = Soon()) const {
    return signer->Sign(SignatureScheme::kEcdsaSha256, digest, deadline);
  }

  // A signature was made and is the key's.
  [[nodiscard]] Status SignAndVerify() const {
    RK_TRY(const Bytes signature, Sign());
    return info->public_key.Verify(SignatureScheme::kEcdsaSha256, digest, signature);
  }

  [[nodiscard]] unsigned Calls(rootkeep::testing::Call call) const { return (*probe)[call].calls; }

  rootkeep::testing::SoftHsm hsm;
  const Bytes digest;
  std::shared_ptr<KeyStore> store;
  std::optional<KeyInfo> info;
  std::shared_ptr<const Signer> signer;
  rootkeep::testing::Probe* probe = nullptr;
};

}  // namespace rootkeep::pkcs11
