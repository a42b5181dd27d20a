// C_OpenSession and C_CloseSession, one at a time where a module needs that (Quirks::sessions_race).
#pragma once

#include <p11-kit/pkcs11.h>

#include "keystore/pkcs11/module.h"

namespace rootkeep::pkcs11 {

// Closes what was left open before. UNAVAILABLE "deadline" when others kept sessions locked until then; otherwise
// C_OpenSession's error.
Result<CK_SESSION_HANDLE> OpenSession(const Module::Use& use, CK_SLOT_ID slot, CK_FLAGS flags, Deadline deadline);

// When others keep sessions locked until `deadline`, the session is left for the next OpenSession to close.
void CloseSession(const Module::Use& use, CK_SESSION_HANDLE session, Deadline deadline);

}  // namespace rootkeep::pkcs11
