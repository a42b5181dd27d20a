#include "keystore/pkcs11/destroy.h"

#include <fmt/format.h>

#include "keystore/base/log.h"
#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/find_key.h"
#include "keystore/pkcs11/private_keys.h"
#include "keystore/pkcs11/public_half.h"
#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {
namespace {

// The public key objects that go with this private key: one or none.
Result<std::vector<CK_OBJECT_HANDLE>> HalvesOf(const Module::Use& use, CK_SESSION_HANDLE session,
                                               CK_OBJECT_HANDLE private_key) {
  RK_TRY(const Attributes names, Attributes::Read(use, session, private_key, {CKA_ID, CKA_LABEL}));
  // Without an id nothing says which public key is its own.
  if (names.Octets(CKA_ID).empty()) return std::vector<CK_OBJECT_HANDLE>();
  const std::string_view label = AsText(names.Octets(CKA_LABEL));
  RK_TRY(auto halves, FindPublicHalves(use, session, names.Octets(CKA_ID), label));
  if (halves.size() <= 1) return halves;
  return FailedPrecondition(fmt::format("{} public keys answer to the key \"{}\"", halves.size(), label))
      .WithReason(kReasonKeyAmbiguous);
}

Status CheckNoPrivateKeyHas(const Connection& connection, const Module::Use& use, CK_SESSION_HANDLE session,
                            const KeyRemains& remains) {
  RK_TRY(const auto keys, FindPrivateKeys(use, session, remains.id, {}));
  // To who is not logged in, a token shows its public keys only.
  RK_RETURN_IF_ERROR(connection.Check(use));
  if (keys.empty()) return Ok();
  return FailedPrecondition(
             fmt::format("a private key on token \"{}\" has the id {} of \"{}\", but no public half that fits",
                         connection.token().device.label, ToHex(remains.id), remains.label))
      .WithReason(kReasonKeyUnusable)
      .WithHint("nothing was destroyed");
}

// A public key of no KeyType is another's.
Result<bool> IsThis(const Module::Use& use, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, const PublicKey& key) {
  const auto read = ReadPublicHalf(use, session, object);
  if (read.ok()) return *read == key;
  if (read.error().code() == Code::kInvalidArgument && read.error().native().domain != "CKR") return false;
  return read.error();
}

}  // namespace

Status DestroyKey(Connection& connection, const KeyUri& uri, Deadline deadline) {
  RK_TRY(const Module::Use use, connection.Enter(deadline));
  RK_TRY(const auto lock, connection.LockKeys(use, KeyAccess::kChange, deadline));
  RK_TRY(const WriteSession session, connection.OpenToWrite(use, deadline));
  RK_TRY(const CK_OBJECT_HANDLE key, FindNamedKey(connection, use, session.handle(), uri));
  RK_TRY(const auto halves, HalvesOf(use, session.handle(), key));
  CK_RV rv = use->C_DestroyObject(session.handle(), key);
  if (rv != CKR_OK) return CkError("C_DestroyObject", rv);
  if (!halves.empty()) rv = use->C_DestroyObject(session.handle(), halves.front());
  if (rv != CKR_OK) return CkError("C_DestroyObject", rv).Within("the private key is gone, its public half is not");
  return Ok();
}

Status DestroyRemains(Connection& connection, const KeyRemains& remains, Deadline deadline) {
  RK_TRY(const Module::Use use, connection.Enter(deadline));
  RK_TRY(const auto lock, connection.LockKeys(use, KeyAccess::kChange, deadline));
  RK_TRY(const WriteSession session, connection.OpenToWrite(use, deadline));
  RK_RETURN_IF_ERROR(CheckNoPrivateKeyHas(connection, use, session.handle(), remains));
  RK_TRY(const auto found, FindPublicKeys(use, session.handle(), remains.id, remains.label));
  for (const CK_OBJECT_HANDLE object : found) {
    RK_TRY(const bool ours, IsThis(use, session.handle(), object, remains.public_key));
    if (!ours) continue;
    const CK_RV rv = use->C_DestroyObject(session.handle(), object);
    if (rv != CKR_OK) return CkError("C_DestroyObject", rv).Within("only the public half was left, and still is");
    log::Warning("pkcs11.public_half_destroyed", {{"label", remains.label}, {"id", ToHex(remains.id)}});
  }
  // A token that was removed may show no objects instead of failing.
  return connection.Check(use);
}

}  // namespace rootkeep::pkcs11
