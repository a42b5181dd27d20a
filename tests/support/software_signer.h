// A Signer over an OpenSSL key in memory: for tests of what signs, never for what keeps keys.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "keystore/signer.h"
#include "tests/support/software_key.h"

namespace rootkeep::testing {

// Thread-safe.
class SoftwareSigner final : public Signer {
 public:
  // `kind` as MakeKey takes it; of a KeyType.
  explicit SoftwareSigner(const std::string& kind);

  [[nodiscard]] const KeyInfo& info() const override { return info_; }
  [[nodiscard]] Result<Bytes> Sign(SignatureScheme scheme, ByteView input, Deadline deadline) const override;

  // The key itself, to sign what a Signer would not.
  [[nodiscard]] EVP_PKEY* pkey() const { return key_.get(); }
  // From now on, every signature has one bit wrong.
  void Break() { broken_ = true; }
  // How often Sign was asked.
  [[nodiscard]] int count() const { return count_; }

 private:
  ossl::PKey key_;
  KeyInfo info_;
  std::atomic<bool> broken_ = false;
  mutable std::atomic<int> count_ = 0;
};

}  // namespace rootkeep::testing
