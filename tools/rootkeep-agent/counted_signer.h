// A foreign CA's key, whose signatures are counted.
#pragma once

#include <atomic>
#include <memory>

#include "tools/rootkeep-agent/foreign_ca_keys.h"

namespace rootkeep::agent {

// Signs as the signer behind it, once ForeignCaKeys knows of it. Thread-safe.
class CountedSigner final : public Signer {
 public:
  // `keys` outlives this.
  CountedSigner(std::shared_ptr<const Signer> signer, ForeignCaKeys& keys) : signer_(std::move(signer)), keys_(keys) {}

  [[nodiscard]] const KeyInfo& info() const override { return signer_->info(); }
  [[nodiscard]] Result<Bytes> Sign(SignatureScheme scheme, ByteView input, Deadline deadline) const override {
    RK_RETURN_IF_ERROR(keys_.BeforeSignature(info().label));
    return signer_->Sign(scheme, input, deadline);
  }
  [[nodiscard]] Result<Bytes> SignFor(const SignOrder& order, SignatureScheme scheme, ByteView input) const override {
    RK_RETURN_IF_ERROR(keys_.BeforeSignature(info().label));
    return signer_->SignFor(order, scheme, input);
  }
  [[nodiscard]] unsigned Concurrency() const override { return signer_->Concurrency(); }
  [[nodiscard]] unsigned Places() const override { return signer_->Places(); }

 private:
  const std::shared_ptr<const Signer> signer_;
  ForeignCaKeys& keys_;
};

}  // namespace rootkeep::agent
