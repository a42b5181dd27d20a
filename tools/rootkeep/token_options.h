// The options by which every command that works on a token names it, and opening it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keystore/key_store.h"
#include "keystore/pkcs11/module.h"
#include "keystore/pkcs11/pin_source.h"
#include "keystore/pkcs11/token_selector.h"
#include "tools/rootkeep/options.h"

namespace rootkeep::cli {

// As given. Either `config`, and then `token` is a name in it, or the rest, and then `token` is the token's label.
struct TokenOptions {
  std::string config;
  std::string token;
  std::string serial;
  std::string module;
  std::vector<std::string> module_environment;  // NAME=VALUE
  std::string pin_source;
};

void DeclareTokenOptions(Options& options, TokenOptions& into);

// The same after looking into the configuration.
struct TokenPlace {
  pkcs11::ModuleConfig module;
  pkcs11::TokenSelector selector;
  pkcs11::PinSource pin;
};

// Touches no hardware and reads no PIN. Usage errors for options that are missing or contradict each other.
Result<TokenPlace> FindTokenPlace(const TokenOptions& options);

// A token in use; what it handed out must not outlive it.
struct OpenToken {
  std::shared_ptr<pkcs11::Module> module;
  std::shared_ptr<KeyStore> store;
};

// Loads and initialises the module and logs in. Errors name the step that failed.
Result<OpenToken> OpenTokenAt(const TokenPlace& place);
Result<OpenToken> OpenTokenBy(const TokenOptions& options);

}  // namespace rootkeep::cli
