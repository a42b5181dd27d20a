// C_OpenSession and C_CloseSession, one at a time where a module needs that (Quirks::sessions_race).
#pragma once

#include <p11-kit/pkcs11.h>

#include "keystore/pkcs11/module.h"

namespace rootkeep::pkcs11 {

inline CK_RV OpenSession(const Module::Use& use, CK_SLOT_ID slot, CK_FLAGS flags, CK_SESSION_HANDLE& handle) {
  const auto lock = use.module().LockSessions();
  return use->C_OpenSession(slot, flags, nullptr, nullptr, &handle);
}

inline void CloseSession(const Module::Use& use, CK_SESSION_HANDLE handle) {
  const auto lock = use.module().LockSessions();
  use->C_CloseSession(handle);
}

}  // namespace rootkeep::pkcs11
