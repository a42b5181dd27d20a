// Signer over one key of one token.
#pragma once

#include <atomic>
#include <memory>

#include "keystore/device_queue.h"
#include "keystore/pkcs11/binding.h"
#include "keystore/pkcs11/link.h"
#include "keystore/signer.h"

namespace rootkeep::pkcs11 {

// Between two losses of the token a signature is one C_SignInit and one C_Sign.
class TokenSigner final : public Signer {
 public:
  TokenSigner(std::shared_ptr<Link> link, KeyInfo info)
      : link_(std::move(link)),
        info_(std::move(info)),
        work_(DeviceWork::Signature(info_.public_key.type())),
        breaker_(link_->options().shortest_pause, link_->options().longest_pause) {}

  [[nodiscard]] const KeyInfo& info() const override { return info_; }
  [[nodiscard]] Result<Bytes> Sign(SignatureScheme scheme, ByteView input, Deadline deadline) const override;
  [[nodiscard]] Result<Bytes> SignFor(const SignOrder& order, SignatureScheme scheme, ByteView input) const override;
  [[nodiscard]] unsigned Concurrency() const override { return link_->queue().limit(work_); }
  [[nodiscard]] unsigned Places() const override { return link_->queue().places(work_); }

 private:
  [[nodiscard]] Status CheckInput(SignatureScheme scheme, ByteView input) const;
  Result<Bytes> SignOnce(const std::shared_ptr<Connection>& connection, DeviceQueue::Ticket& ticket,
                         const SignOrder& order, SignatureScheme scheme, ByteView input) const;
  // The binding to `connection`, made now if the last one was to another.
  Result<std::shared_ptr<Binding>> BindTo(const std::shared_ptr<Connection>& connection, const Module::Use& use,
                                          Deadline deadline) const;
  // The next call looks for the key again: this one's private half is another key's.
  void Unbind(const std::shared_ptr<Binding>& binding) const;
  [[nodiscard]] std::shared_ptr<Binding> Bound(const std::shared_ptr<Connection>& connection) const;

  const std::shared_ptr<Link> link_;
  const KeyInfo info_;
  const DeviceWork work_;
  // Open while the token answers but fails to sign with this key: other keys may be well.
  mutable CircuitBreaker breaker_;
  mutable std::atomic<bool> signed_before_{false};
  mutable Turn bind_turn_;
  mutable Mutex mutex_;
  mutable std::shared_ptr<Binding> binding_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep::pkcs11
