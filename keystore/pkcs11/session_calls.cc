#include "keystore/pkcs11/session_calls.h"

#include "keystore/pkcs11/ckr.h"

namespace rootkeep::pkcs11 {
namespace {

// Whether C_CloseSession says that there is no such session any more. A device that is away or out of order has not
// said so yet.
bool IsOver(CK_RV rv) { return rv == CKR_OK || rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED; }

// With sessions locked.
void CloseLeft(const Module::Use& use) {
  LeftOpen& left_open = use.module().left_open();
  const std::vector<std::uint64_t> left = left_open.Take(use.module().sessions_since());
  auto next = left.begin();
  while (next != left.end() && IsOver(use->C_CloseSession(*next))) ++next;
  // The others would fare no better now.
  for (; next != left.end(); ++next) left_open.Add(use.epoch(), *next);
}

}  // namespace

Result<CK_SESSION_HANDLE> OpenSession(const Module::Use& use, CK_SLOT_ID slot, CK_FLAGS flags, Deadline deadline) {
  RK_TRY(const auto lock, use.module().LockSessions(deadline));
  CloseLeft(use);
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  const CK_RV rv = use->C_OpenSession(slot, flags, nullptr, nullptr, &session);
  if (rv != CKR_OK) return CkError("C_OpenSession", rv);
  return session;
}

void CloseSession(const Module::Use& use, CK_SESSION_HANDLE session, Deadline deadline) {
  const auto lock = use.module().LockSessions(deadline);
  if (lock.ok() && IsOver(use->C_CloseSession(session))) return;
  use.module().left_open().Add(use.epoch(), session);
}

void CloseLeftOpen(const Module::Use& use) {
  if (const auto lock = use.module().LockSessions(std::chrono::steady_clock::now()); lock.ok()) CloseLeft(use);
}

}  // namespace rootkeep::pkcs11
