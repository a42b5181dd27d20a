// Making an empty token ready for use: for `rootkeep dev` and tests. Real tokens are set up by their vendor's tools.
#pragma once

#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "keystore/base/secret_bytes.h"
#include "keystore/pkcs11/module.h"

namespace rootkeep::pkcs11 {

// C_InitToken on the first slot with an uninitialised token, then C_InitPIN. The label is 1 to 32 octets.
// ALREADY_EXISTS when a token with that label is present; NOT_FOUND when no slot is free.
Status SetUpToken(Module& module, const std::string& label, const SecretBytes& officer_pin, const SecretBytes& user_pin,
                  Deadline deadline);

}  // namespace rootkeep::pkcs11
