#include "keystore/pkcs11/token_setup.h"

#include <algorithm>
#include <array>

#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/token.h"
#include "keystore/pkcs11/write_session.h"

namespace rootkeep::pkcs11 {
namespace {

// PKCS#11 functions take PINs as non-const and do not write to them.
CK_UTF8CHAR* Octets(const SecretBytes& pin) {
  return const_cast<CK_UTF8CHAR*>(pin.RevealForUse().data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

Status InitToken(const Module::Use& use, CK_SLOT_ID slot, const std::string& label, const SecretBytes& officer_pin) {
  std::array<CK_UTF8CHAR, 32> padded{};
  padded.fill(' ');
  std::ranges::copy(label, padded.begin());
  const CK_RV rv = use->C_InitToken(slot, Octets(officer_pin), officer_pin.size(), padded.data());
  if (rv != CKR_OK) return CkError("C_InitToken", rv);
  return Ok();
}

Status SetUserPin(const Module::Use& use, CK_SLOT_ID slot, const SecretBytes& officer_pin, const SecretBytes& user_pin,
                  Deadline deadline) {
  RK_TRY(const WriteSession session, WriteSession::Open(use, slot, deadline));
  RK_TRY(auto sessions, use.module().LockSessions(deadline));
  CK_RV rv = use->C_Login(session.handle(), CKU_SO, Octets(officer_pin), officer_pin.size());
  sessions = {};
  if (rv != CKR_OK) return CkError("C_Login", rv).Within("log in as security officer");
  rv = use->C_InitPIN(session.handle(), Octets(user_pin), user_pin.size());
  if (rv != CKR_OK) return CkError("C_InitPIN", rv);
  return Ok();
}

}  // namespace

Status SetUpToken(Module& module, const std::string& label, const SecretBytes& officer_pin, const SecretBytes& user_pin,
                  Deadline deadline) {
  if (label.empty() || label.size() > 32) return InvalidArgument("a token label has 1 to 32 octets");
  RK_TRY(const Module::Use use, module.Enter(deadline));
  RK_TRY(const auto present, PresentTokens(use));
  const bool taken = std::ranges::any_of(present, [&label](const Token& t) { return t.device.label == label; });
  if (taken) return AlreadyExists("a token with label \"" + label + "\" is present");
  RK_TRY(const CK_SLOT_ID slot, FreeSlot(use));
  RK_RETURN_IF_ERROR(InitToken(use, slot, label, officer_pin));
  return SetUserPin(use, slot, officer_pin, user_pin, deadline);
}

}  // namespace rootkeep::pkcs11
