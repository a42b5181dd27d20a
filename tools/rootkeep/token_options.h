// The options by which every command that works on a token names it.
#pragma once

#include <string>
#include <vector>

#include "tools/rootkeep/options.h"
#include "tools/rootkeep/token_place.h"

namespace rootkeep::cli {

// As given. Either `config`, and then `token` is a name in it, or the rest, and then `token` is the token's label.
struct TokenOptions {
  std::string config;
  std::string token;
  std::string serial;
  std::string module;
  std::vector<std::string> module_environment;  // NAME=VALUE
  std::string pin_source;
  // Of a TPM: its name, in `config`, an agent's, or for `tcti` and `directory`; then nothing else is given.
  std::string tpm;
  std::string tcti;
  std::string directory;
  bool empty_auth = false;
};

void DeclareTokenOptions(Options& options, TokenOptions& into);
// With those that name a TPM: for commands that need no PIN and no module.
void DeclareKeyPlaceOptions(Options& options, TokenOptions& into);

// Touches no hardware and reads no PIN. Usage errors for options that are missing or contradict each other.
Result<TokenPlace> FindTokenPlace(const TokenOptions& options);

// Both in one.
Result<OpenToken> OpenTokenBy(const TokenOptions& options);

}  // namespace rootkeep::cli
