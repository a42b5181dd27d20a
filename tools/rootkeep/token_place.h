// Where a token is, and a token in use.
#pragma once

#include <memory>
#include <optional>

#include "keystore/key_store.h"
#include "keystore/pkcs11/module.h"
#include "keystore/pkcs11/pin_source.h"
#include "keystore/pkcs11/token_selector.h"
#include "tools/config/config.h"

namespace rootkeep::cli {

struct TokenPlace {
  std::optional<config::Token> tpm;  // then `selector` has its name, and the rest means nothing
  pkcs11::ModuleConfig module;
  pkcs11::TokenSelector selector;
  pkcs11::PinSource pin;
  std::string pin_directory;  // of the daemon's state, where there is one; see PinLatch
};

// What it handed out must not outlive it.
struct OpenToken {
  std::shared_ptr<pkcs11::Module> module;  // null for a TPM
  std::shared_ptr<KeyStore> store;
  UriScheme scheme = UriScheme::kPkcs11;  // of the store's URIs
};

// Loads and initialises the module and logs in; of a TPM, makes its directory where it is missing. Errors name the step
// that failed.
Result<OpenToken> OpenTokenAt(const TokenPlace& place);

}  // namespace rootkeep::cli
