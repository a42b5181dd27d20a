// Signer over one key of a token behind a process.
#pragma once

#include <atomic>
#include <memory>

#include "keystore/isolated/backend/supervisor.h"
#include "keystore/signer.h"

namespace rootkeep::isolated {

class IsolatedSigner final : public Signer {
 public:
  IsolatedSigner(std::shared_ptr<Supervisor> supervisor, KeyInfo info)
      : supervisor_(std::move(supervisor)), info_(std::move(info)) {}

  [[nodiscard]] const KeyInfo& info() const override { return info_; }
  [[nodiscard]] Result<Bytes> Sign(SignatureScheme scheme, ByteView input, Deadline deadline) const override;
  [[nodiscard]] Result<Bytes> SignFor(const SignOrder& order, SignatureScheme scheme, ByteView input) const override;
  [[nodiscard]] unsigned Concurrency() const override { return concurrency_.load(std::memory_order_relaxed); }

 private:
  Result<Reply> SignWith(HostProcess& host, SignCall call, Deadline deadline) const;
  // The host's number for the key, asked for once a process. DATA_LOSS when another key answers to its URI.
  Result<std::uint32_t> NumberIn(HostProcess& host, Deadline deadline) const;

  const std::shared_ptr<Supervisor> supervisor_;
  const KeyInfo info_;
  mutable std::atomic<unsigned> concurrency_{1};
  // The process that the key was last opened in, and its number there: the halves of one value, so that they fit.
  mutable std::atomic<std::uint64_t> place_{0};
};

}  // namespace rootkeep::isolated
