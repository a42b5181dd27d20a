// The one place that sends a PIN to a token.
#pragma once

#include <p11-kit/pkcs11.h>

#include "keystore/pkcs11/pin_source.h"
#include "keystore/pkcs11/token.h"

namespace rootkeep::pkcs11 {

// Logs the user in, for all sessions of the token in this process (PKCS#11 2.40 §5.6). A PIN that the token refused is
// remembered in the module and never sent again by this process: FAILED_PRECONDITION "pin_latched". The same without
// any try when the token says that its PIN is locked or that the next try is the last, and when two logins in a row
// ended with a code that leaves open whether the PIN was judged: most tokens lock after three wrong ones.
Status Login(const Module::Use& use, CK_SESSION_HANDLE session, const Token& token, const PinSource& source,
             Deadline deadline);

}  // namespace rootkeep::pkcs11
