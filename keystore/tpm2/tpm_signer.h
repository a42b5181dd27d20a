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
    bool loaded = false;   // anew, at the last try
    bool refused = false;  // its auth value was
  };

  Result<Bytes> SignOnce(Connection& connection, const SignOrder& order, SignatureScheme scheme, ByteView input,
                         Attempt& attempt) const;
  Result<ESYS_TR> LoadAgain(Connection& connection) const;
  [[nodiscard]] Status CheckSignature(SignatureScheme scheme, ByteView input, ByteView signature) const;

  const std::shared_ptr<KeyLoader> loader_;
  const KeyInfo info_;
  const Bytes name_;
  const DeviceWork work_;
};

}  // namespace rootkeep::tpm2
