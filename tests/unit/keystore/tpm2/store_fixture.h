// A simulator, a directory, and the store over both.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "keystore/tpm2/rc.h"
#include "keystore/tpm2/reasons.h"
#include "keystore/tpm2/store.h"
#include "tests/support/matchers.h"
#include "tests/support/swtpm.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::tpm2 {

inline Deadline Soon() { return After(std::chrono::seconds(20)); }

template <typename T>
Status StatusOf(const Result<T>& result) {
  return result.ok() ? Ok() : Status(result.error());
}

class StoreFixture : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { QuietTss2(); }

  std::shared_ptr<Tpm> OpenTpm(const testing::SwTpm& swtpm) {
    return *Tpm::Open({.transport = {.tcti = swtpm.tcti()}, .turn_file = directory_ / "turn"});
  }
  std::shared_ptr<KeyStore> OpenStore(const std::shared_ptr<Tpm>& tpm, StoreOptions options = {}) {
    options.name = "tpm0";
    options.directory = directory_.path();
    return *tpm2::OpenStore(tpm, options);
  }
  std::shared_ptr<KeyStore> Restarted() { return OpenStore(OpenTpm(swtpm_)); }

  Result<KeyInfo> Make(const std::string& name, KeyType type = KeyType::kEcP256) {
    return store_->Create({.type = type, .use = KeyUse::kApp, .name = name}, Soon());
  }
  // Of a key that is made now.
  std::shared_ptr<const Signer> MakeSigner(const std::string& name) { return *store_->Open(Make(name)->uri, Soon()); }

  static Status SignAndVerify(const Signer& signer) {
    const SignatureScheme scheme = SchemesOf(signer.public_key().type()).front();
    const Bytes input = *Digest(SchemeHash(scheme), AsBytes("what is to be signed"));
    RK_TRY(const Bytes signature, signer.Sign(scheme, input, Soon()));
    return signer.public_key().Verify(scheme, input, signature);
  }

  static KeyUri Uri(const std::string& label) { return {.scheme = UriScheme::kTpm2, .object_label = label}; }
  // Of the key app/`name`/1.
  [[nodiscard]] std::string KeyPath(const std::string& name) const {
    return directory_ / ("keys/rk_app_" + name + "_1");
  }

  const testing::TempDir directory_;
  testing::SwTpm swtpm_;
  std::shared_ptr<Tpm> tpm_ = OpenTpm(swtpm_);
  std::shared_ptr<KeyStore> store_ = OpenStore(tpm_);
};

}  // namespace rootkeep::tpm2
