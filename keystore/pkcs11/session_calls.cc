#include "keystore/pkcs11/session_calls.h"

#include "keystore/pkcs11/ckr.h"

namespace rootkeep::pkcs11 {

Result<CK_SESSION_HANDLE> OpenSession(const Module::Use& use, CK_SLOT_ID slot, CK_FLAGS flags, Deadline deadline) {
  RK_TRY(const auto lock, use.module().LockSessions(deadline));
  for (const std::uint64_t left : use.module().left_open().Take(use.epoch())) use->C_CloseSession(left);
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  const CK_RV rv = use->C_OpenSession(slot, flags, nullptr, nullptr, &session);
  if (rv != CKR_OK) return CkError("C_OpenSession", rv);
  return session;
}

void CloseSession(const Module::Use& use, CK_SESSION_HANDLE session, Deadline deadline) {
  const auto lock = use.module().LockSessions(deadline);
  if (lock.ok()) {
    use->C_CloseSession(session);
  } else {
    use.module().left_open().Add(use.epoch(), session);
  }
}

}  // namespace rootkeep::pkcs11
