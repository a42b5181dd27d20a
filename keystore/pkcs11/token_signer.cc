#include "keystore/pkcs11/token_signer.h"

#include <fmt/format.h>

#include <algorithm>

#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/mechanism.h"
#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {
namespace {

constexpr std::size_t kMaxSignature = 512;  // RSA-4096

// C_SignInit and C_Sign on a session of the caller's.
Result<Bytes> CallToken(const Module::Use& use, const Session& session, CK_OBJECT_HANDLE key, SignatureScheme scheme,
                        ByteView input) {
  Mechanism mechanism(scheme);
  Bytes wanted = TokenInput(scheme, input);
  Bytes signature(kMaxSignature);
  CK_ULONG size = signature.size();
  CK_RV rv = use->C_SignInit(session.handle(), mechanism.get(), key);
  if (rv != CKR_OK) return CkError("C_SignInit", rv);
  rv = use->C_Sign(session.handle(), wanted.data(), wanted.size(), signature.data(), &size);
  if (rv != CKR_OK) return CkError("C_Sign", rv);
  signature.resize(std::min<std::size_t>(size, kMaxSignature));
  return signature;
}

bool IsNotPermitted(const Error& error) {
  return error.native().domain == "CKR" && error.native().value == CKR_KEY_FUNCTION_NOT_PERMITTED;
}

Error TooLate() {
  return Unavailable("the deadline passed before the token was asked to sign").WithReason(kReasonDeadline);
}

// Whether the token itself failed, in a way that is no fault of what it was asked.
bool TokenFailed(const Error& error) { return error.code() == Code::kUnavailable && error.native().domain == "CKR"; }

}  // namespace

Result<Bytes> TokenSigner::Sign(SignatureScheme scheme, ByteView input, Deadline deadline) const {
  static const auto& own = *new Share{};
  return SignFor({.deadline = deadline, .share = own}, scheme, input);
}

Result<Bytes> TokenSigner::SignFor(const SignOrder& order, SignatureScheme scheme, ByteView input) const {
  RK_RETURN_IF_ERROR(CheckInput(scheme, input));
  RK_TRY(CircuitBreaker::Pass pass, breaker_.Enter());
  bool failed = false;  // the token, at the last attempt
  auto signature = link_->Run({.work = work_, .share = order.share, .deadline = order.deadline},
                              [&](const std::shared_ptr<Connection>& connection, DeviceQueue::Ticket& ticket) {
                                auto made = SignOnce(connection, ticket, order, scheme, input);
                                failed = !made.ok() && TokenFailed(made.error());
                                return made;
                              });
  if (signature.ok()) {
    pass.Worked();
  } else if (failed && link_->up()) {
    pass.Failed(signature.error());
  }
  return signature;
}

Status TokenSigner::CheckInput(SignatureScheme scheme, ByteView input) const {
  RK_RETURN_IF_ERROR(CheckSignInput(public_key().type(), scheme, input));
  if (info_.custody.always_authenticate.value_or(false)) {
    return FailedPrecondition("key \"" + info_.label + "\" wants the PIN for every signature (CKA_ALWAYS_AUTHENTICATE)")
        .WithReason(kReasonKeyUnusable);
  }
  return Ok();
}

Result<Bytes> TokenSigner::SignOnce(const std::shared_ptr<Connection>& connection, DeviceQueue::Ticket& ticket,
                                    const SignOrder& order, SignatureScheme scheme, ByteView input) const {
  if (order.times != nullptr) order.times->queued += ticket.waited();
  RK_TRY(const Module::Use use, connection->Enter(order.deadline));
  RK_TRY(const std::shared_ptr<Binding> binding, BindTo(connection, use, order.deadline));
  RK_TRY(const auto keys, connection->LockKeys(use, KeyAccess::kUse, order.deadline));
  RK_TRY(Session session, connection->sessions().Lease(use, order.deadline));
  const auto began = std::chrono::steady_clock::now();
  if (began >= order.deadline) {
    session.Recycle();
    return TooLate();
  }
  auto answered = CallToken(use, session, binding->HandleAt(began).get(), scheme, input);
  const auto ended = std::chrono::steady_clock::now();
  if (order.times != nullptr) order.times->device += ended - began;
  if (!answered.ok() && signed_before_.load(std::memory_order_relaxed) && IsNotPermitted(answered.error())) {
    // It was until now. SoftHSM says so when sessions, and the key's copy with them, end under a signature.
    return std::move(answered).error().WithCode(Code::kUnavailable).WithReason(kReasonKeyLost);
  }
  RK_TRY(Bytes answer, std::move(answered));
  ticket.Completed(ended);
  session.Recycle();
  connection->SetServed();
  RK_TRY(Bytes signature, FromToken(scheme, std::move(answer)));
  if (!binding->proven()) {
    Status good = public_key().Verify(scheme, input, signature);
    if (!good.ok()) {
      Unbind(binding);
      return std::move(good).error();
    }
    binding->SetProven();
    signed_before_.store(true, std::memory_order_relaxed);
  }
  return signature;
}

Result<std::shared_ptr<Binding>> TokenSigner::BindTo(const std::shared_ptr<Connection>& connection,
                                                     const Module::Use& use, Deadline deadline) const {
  if (auto bound = Bound(connection)) return bound;
  const Turn::Holder turn(bind_turn_, deadline);
  if (!turn) return TooLate();
  if (auto bound = Bound(connection)) return bound;
  // It is looked for, and may be copied.
  RK_TRY(const auto keys, connection->LockKeys(use, KeyAccess::kChange, deadline));
  RK_TRY(auto made, Binding::Make(connection, use, info_, deadline));
  std::shared_ptr<Binding> last = made;
  const MutexLock lock(mutex_);
  binding_.swap(last);
  return made;
}

void TokenSigner::Unbind(const std::shared_ptr<Binding>& binding) const {
  std::shared_ptr<Binding> last;
  const MutexLock lock(mutex_);
  if (binding_ == binding) binding_.swap(last);
}

std::shared_ptr<Binding> TokenSigner::Bound(const std::shared_ptr<Connection>& connection) const {
  const MutexLock lock(mutex_);
  return binding_ != nullptr && binding_->IsTo(connection) ? binding_ : nullptr;
}

}  // namespace rootkeep::pkcs11
