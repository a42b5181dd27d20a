// Opens the tokens that a configuration names.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "keystore/key_store.h"
#include "keystore/pkcs11/module.h"
#include "tools/config/config.h"

namespace rootkeep {

struct TokenSurroundings {
  std::vector<config::Module> modules;
  std::string pin_directory;  // where refused PINs are recorded
  std::string token_host;     // the program for tokens with isolation; empty: what FindTokenHost finds
  log::Level log_level = log::Level::kInfo;
  // TpmOpener::Open in programs that link tss2. rootkeepd does not: it parses what strangers send, and reaches TPMs
  // over a key socket.
  std::function<Result<std::shared_ptr<KeyStore>>(const config::Token& token)> open_tpm = nullptr;
};

// Owns the modules; destroyed after every store and signer, so that C_Finalize comes at the very end.
class TokenOpener {
 public:
  explicit TokenOpener(TokenSurroundings surroundings)
      : surroundings_(std::move(surroundings)), registry_(surroundings_.pin_directory) {}

  // In this process with its module loaded and initialised, or behind a process of its own. An absent token is no
  // error; a module that cannot be loaded is, with the step that failed. The token's module is one of the
  // surroundings'; a TPM is opened by open_tpm.
  Result<std::shared_ptr<KeyStore>> Open(const config::Token& token);

 private:
  // Loaded when the first token wants it in this process.
  Result<std::shared_ptr<pkcs11::Module>> LoadModule(const config::Module& entry);
  Result<std::shared_ptr<KeyStore>> OpenIsolated(const config::Token& token, const config::Module& module) const;

  const TokenSurroundings surroundings_;
  pkcs11::ModuleRegistry registry_;  // two names may mean one module
  std::map<std::string, std::shared_ptr<pkcs11::Module>> modules_;
};

}  // namespace rootkeep
