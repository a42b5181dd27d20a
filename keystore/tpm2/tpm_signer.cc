#include "keystore/tpm2/tpm_signer.h"

#include "keystore/tpm2/rc.h"
#include "keystore/tpm2/reasons.h"
#include "keystore/tpm2/sign.h"

namespace rootkeep::tpm2 {

Result<Bytes> TpmSigner::Sign(SignatureScheme scheme, ByteView input, Deadline deadline) const {
  static const auto& own = *new Share{};
  return SignFor({.deadline = deadline, .share = own}, scheme, input);
}

Result<Bytes> TpmSigner::SignFor(const SignOrder& order, SignatureScheme scheme, ByteView input) const {
  RK_RETURN_IF_ERROR(CheckSignInput(public_key().type(), scheme, input));
  Attempt attempt;
  auto signature = loader_->tpm().Run(
      {.work = work_, .share = order.share, .deadline = order.deadline},
      [&](Connection& connection) { return SignOnce(connection, order, scheme, input, attempt); },
      order.times != nullptr ? &order.times->queued : nullptr);
  if (!signature.ok()) {
    // Not when it turned out that the handle was another's.
    if (attempt.refused && ClassOf(signature.error()) == RcClass::kAuth) loader_->AuthRefused(info_.label);
    return AsSignerError(std::move(signature).error());
  }
  // A wrong RSA signature can tell the private key, and PSS may have another salt than ours. For others the Name that
  // the TPM gives when it loads a key has been compared.
  if (IsRsa(public_key().type()) || proven_on_.load(std::memory_order_relaxed) != attempt.connection) {
    RK_RETURN_IF_ERROR(CheckSignature(scheme, input, *signature));
    proven_on_.store(attempt.connection, std::memory_order_relaxed);
  }
  return signature;
}

Result<Bytes> TpmSigner::SignOnce(Connection& connection, const SignOrder& order, SignatureScheme scheme,
                                  ByteView input, Attempt& attempt) const {
  attempt = {.connection = connection.number()};
  const auto began = std::chrono::steady_clock::now();
  ESYS_TR key = KeyLoader::Kept(connection, name_);
  if (key == ESYS_TR_NONE) {
    RK_TRY(key, LoadAgain(connection));
  }
  RK_TRY(const ESYS_TR session, loader_->Session(connection));
  auto signature = SignDigest(connection.esys(), key, session, scheme, input);
  if (order.times != nullptr) order.times->device += std::chrono::steady_clock::now() - began;
  if (!signature.ok() && ClassOf(signature.error()) == RcClass::kAuth) {
    attempt.refused = true;
    connection.kept().DropKey();
  }
  return signature;
}

Result<ESYS_TR> TpmSigner::LoadAgain(Connection& connection) const {
  RK_TRY(const StoredKey key, ReadKey(loader_->directory(), connection, info_.label));
  if (key.name != name_) {
    return Error(Code::kDataLoss, "another key has the name \"" + info_.label + "\" now").WithReason(kReasonKeyChanged);
  }
  return loader_->Load(connection, key);
}

Status TpmSigner::CheckSignature(SignatureScheme scheme, ByteView input, ByteView signature) const {
  Status good = public_key().Verify(scheme, input, signature);
  if (good.ok()) return good;
  return std::move(good).error().WithHint(
      "TPMs of before revision 1.16 make PSS signatures with a salt that TLS does not allow");
}

}  // namespace rootkeep::tpm2
