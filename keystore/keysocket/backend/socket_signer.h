// Signer over one key behind a key socket.
#pragma once

#include <atomic>
#include <memory>

#include "keystore/keysocket/values/convert.h"
#include "keystore/keysocket/wire/client.h"
#include "keystore/signer.h"

namespace rootkeep::keysocket {

// The key is named by its fingerprint: no other signs in its place, whatever the agent's tokens hold by now.
class SocketSigner final : public Signer {
 public:
  SocketSigner(std::shared_ptr<Client> client, KeyInfo info, unsigned concurrency)
      : client_(std::move(client)),
        info_(std::move(info)),
        fingerprint_(FingerprintOf(info_.public_key)),
        concurrency_(concurrency) {}

  [[nodiscard]] const KeyInfo& info() const override { return info_; }
  [[nodiscard]] Result<Bytes> Sign(SignatureScheme scheme, ByteView input, Deadline deadline) const override;
  [[nodiscard]] Result<Bytes> SignFor(const SignOrder& order, SignatureScheme scheme, ByteView input) const override;
  [[nodiscard]] unsigned Concurrency() const override { return concurrency_.load(std::memory_order_relaxed); }

 private:
  const std::shared_ptr<Client> client_;
  const KeyInfo info_;
  const Fingerprint fingerprint_;
  mutable std::atomic<unsigned> concurrency_;
};

}  // namespace rootkeep::keysocket
