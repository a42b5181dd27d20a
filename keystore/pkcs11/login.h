// The one place that sends a PIN to a token.
#pragma once

#include <p11-kit/pkcs11.h>

#include "keystore/pkcs11/pin_source.h"
#include "keystore/pkcs11/token.h"

namespace rootkeep::pkcs11 {

// Logs the user in, for all sessions of the token in this process (PKCS#11 2.40 §5.6). A PIN that the token refused is
// put on record in the module's PinLatch and not sent again: FAILED_PRECONDITION "pin_latched". The same without any
// try when the token says that its PIN is locked or that the next try is the last. A code that leaves open whether the
// PIN was judged counts as a refusal when the token has begun to count wrong PINs, and otherwise when it comes twice in
// a row: most tokens lock after three wrong ones.
Status Login(const Module::Use& use, CK_SESSION_HANDLE session, const Token& token, const PinSource& source,
             Deadline deadline);

}  // namespace rootkeep::pkcs11
