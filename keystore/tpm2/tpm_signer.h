// Signer over one key of one TPM.
#pragma once

#include <atomic>
#include <memory>

#include "keystore/signer.h"
#include "keystore/tpm2/key_loader.h"

namespace rootkeep::tpm2 {

// While no other key is used, a signature is one TPM2_Sign; otherwise the key is loaded first, from its file as it is
// then, and compared.
class TpmSigner final : public Signer {
 public:
  TpmSigner(std::shared_ptr<KeyLoader> loader, KeyInfo info, Bytes name)
      : loader_(std::move(loader)),
        info_(std::move(info)),
        name_(std::move(name)),
        work_(DeviceWork::Signature(info_.public_key.type())) {}

  [[nodiscard]] const KeyInfo& info() const override { return info_; }
  [[nodiscard]] Result<Bytes> Sign(SignatureScheme scheme, ByteView input, Deadline deadline) const override;
  [[nodiscard]] Result<Bytes> SignFor(const SignOrder& order, SignatureScheme scheme, ByteView input) const override;
  [[nodiscard]] unsigned Concurrency() const override { return loader_->tpm().limit(work_); }

 private:
  struct Attempt {
    std::uint64_t connection = 0;  // of the last try
    bool refused = false;          // the key's auth value was, at the last try
  };

  Result<Bytes> SignOnce(Connection& connection, const SignOrder& order, SignatureScheme scheme, ByteView input,
                         Attempt& attempt) const;
  Result<ESYS_TR> LoadAgain(Connection& connection) const;
  [[nodiscard]] Status CheckSignature(SignatureScheme scheme, ByteView input, ByteView signature) const;

  const std::shared_ptr<KeyLoader> loader_;
  const KeyInfo info_;
  const Bytes name_;
  const DeviceWork work_;
  mutable std::atomic<std::uint64_t> proven_on_{0};  // the connection on which a signature was checked last
};

}  // namespace rootkeep::tpm2
