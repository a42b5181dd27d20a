// C_OpenSession and C_CloseSession, one at a time where a module needs that (Quirks::sessions_race).
#pragma once

#include <p11-kit/pkcs11.h>

#include "keystore/pkcs11/module.h"

namespace rootkeep::pkcs11 {

// Closes what was left open before. UNAVAILABLE "deadline" when others kept sessions locked until then; otherwise
// C_OpenSession's error.
Result<CK_SESSION_HANDLE> OpenSession(const Module::Use& use, CK_SLOT_ID slot, CK_FLAGS flags, Deadline deadline);

// When others keep sessions locked until `deadline`, or the token will not close it, the session is left for the next
// OpenSession or CloseLeftOpen to close.
void CloseSession(const Module::Use& use, CK_SESSION_HANDLE session, Deadline deadline);

// Closes what was left open before, as far as that can be done without waiting for anybody.
void CloseLeftOpen(const Module::Use& use);

}  // namespace rootkeep::pkcs11
