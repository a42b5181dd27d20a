// The token that options or a configuration mean, among those a module shows.
#pragma once

#include "keystore/key_info.h"
#include "keystore/pkcs11/module.h"
#include "keystore/pkcs11/token_selector.h"

namespace rootkeep::cli {

// Without logging in. FAILED_PRECONDITION when it is not exactly one, with a hint that lists what there is.
Result<DeviceInfo> FindDevice(pkcs11::Module& module, const pkcs11::TokenSelector& selector);

}  // namespace rootkeep::cli
