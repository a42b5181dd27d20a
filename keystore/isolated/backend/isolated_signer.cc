#include "keystore/isolated/backend/isolated_signer.h"

#include <algorithm>

#include "keystore/isolated/backend/answer.h"

namespace rootkeep::isolated {
namespace {

constexpr unsigned kMostConcurrency = 1024;

// By its id alone: whatever else is in its name may have been changed since.
KeyUri ById(const KeyInfo& info) {
  KeyUri uri = info.uri;
  if (!uri.object_id.empty()) uri.object_label.clear();
  return uri;
}

}  // namespace

Result<std::uint32_t> IsolatedSigner::NumberIn(HostProcess& host, Deadline deadline) const {
  const std::uint64_t place = place_.load(std::memory_order_relaxed);
  if (place >> 32 == host.number()) return static_cast<std::uint32_t>(place);
  RK_TRY(Reply reply, host.Call({.deadline = deadline, .call = OpenCall{ById(info_)}}));
  RK_TRY(const Opened opened, Expect<Opened>(std::move(reply)));
  if (opened.info.public_key != info_.public_key) {
    return Error(Code::kDataLoss, "another key answers to " + info_.uri.Redacted()).WithReason("key_changed");
  }
  place_.store(std::uint64_t{host.number()} << 32 | opened.key, std::memory_order_relaxed);
  return opened.key;
}

Result<Reply> IsolatedSigner::SignWith(HostProcess& host, SignCall call, Deadline deadline) const {
  RK_TRY(call.key, NumberIn(host, deadline));
  auto reply = host.Call({.deadline = deadline, .call = call});
  if (reply.ok() || reply.error().reason() != kReasonKeyNumber) return reply;
  place_.store(0, std::memory_order_relaxed);
  RK_TRY(call.key, NumberIn(host, deadline));
  return host.Call({.deadline = deadline, .call = std::move(call)});
}

Result<Bytes> IsolatedSigner::Sign(SignatureScheme scheme, ByteView input, Deadline deadline) const {
  static const auto& own = *new Share{};
  return SignFor({.deadline = deadline, .share = own}, scheme, input);
}

Result<Bytes> IsolatedSigner::SignFor(const SignOrder& order, SignatureScheme scheme, ByteView input) const {
  RK_RETURN_IF_ERROR(CheckSignInput(public_key().type(), scheme, input));
  const auto began = std::chrono::steady_clock::now();
  const SignCall call{
      .share = {order.share.priority, FlowMark(order.share.flow)}, .scheme = scheme, .input = ToBytes(input)};
  auto reply =
      supervisor_->Call(order.deadline, [&](HostProcess& host) { return SignWith(host, call, order.deadline); });
  if (!reply.ok()) return AsSignerError(std::move(reply).error());
  RK_TRY(Signed answer, Expect<Signed>(*std::move(reply)));
  concurrency_.store(std::clamp(answer.concurrency, 1U, kMostConcurrency), std::memory_order_relaxed);
  if (order.times != nullptr) {
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - began;
    const auto queued = std::min(answer.queued, took);
    order.times->queued += queued;
    order.times->device += took - queued;
  }
  return std::move(answer.signature);
}

}  // namespace rootkeep::isolated
