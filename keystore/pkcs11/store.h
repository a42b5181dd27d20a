// The PKCS#11 backend: one token as a KeyStore.
#pragma once

#include <memory>
#include <vector>

#include "keystore/key_store.h"
#include "keystore/pkcs11/module.h"
#include "keystore/pkcs11/pin_source.h"
#include "keystore/pkcs11/store_options.h"
#include "keystore/pkcs11/token_selector.h"

namespace rootkeep::pkcs11 {

// The store of the token that `selector` names. Touches no hardware, so it succeeds while the token is away; its calls
// then return UNAVAILABLE until the token appears. INVALID_ARGUMENT when the selector is empty. It has HealthProbe and
// KeyDeleter. `module` lives as long as the store and its signers do.
Result<std::shared_ptr<KeyStore>> OpenStore(std::shared_ptr<Module> module, TokenSelector selector, PinSource pin,
                                            StoreOptions options = {});

// The token part of a pkcs11: URI.
TokenSelector SelectorOf(const KeyUri& uri);

// What the module shows: every initialised token, without logging in. For diagnosis and lists.
Result<std::vector<DeviceInfo>> ListTokens(Module& module, Deadline deadline);

}  // namespace rootkeep::pkcs11
