#include "keystore/keysocket/backend/socket_signer.h"

#include <algorithm>

namespace rootkeep::keysocket {
Result<Bytes> SocketSigner::Sign(SignatureScheme scheme, ByteView input, Deadline deadline) const {
  static const auto& own = *new Share{};
  return SignFor({.deadline = deadline, .share = own}, scheme, input);
}

Result<Bytes> SocketSigner::SignFor(const SignOrder& order, SignatureScheme scheme, ByteView input) const {
  RK_RETURN_IF_ERROR(CheckSignInput(public_key().type(), scheme, input));
  const auto began = std::chrono::steady_clock::now();
  const SignCall call{.key = fingerprint_,
                      .scheme = ToWire(scheme),
                      .urgency = ToWire(order.share.priority),
                      .flow = FlowMark(order.share.flow),
                      .input = input};
  Signature signature;  // NOLINT(cppcoreguidelines-pro-type-member-init): Sign fills as much as there is
  Failure why;
  if (!client_->Sign(call, order.deadline, signature, why)) return AsSignerError(FromWire(why));
  concurrency_.store(signature.concurrency, std::memory_order_relaxed);
  if (order.times != nullptr) {
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - began;
    const auto queued = std::min(std::chrono::nanoseconds(static_cast<std::int64_t>(signature.queued_ns)), took);
    order.times->queued += queued;
    order.times->device += took - queued;
  }
  return ToBytes(signature.view());
}

}  // namespace rootkeep::keysocket
