#include "tools/rootkeep/token_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "signer/store/state_dir.h"
#include "tools/config/load.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

Result<const config::Token*> FindToken(const config::Config& config, const std::string& name) {
  if (name.empty() && config.tokens.size() == 1) return &config.tokens.front();
  const auto found = std::ranges::find(config.tokens, name, &config::Token::name);
  if (found != config.tokens.end()) return &*found;
  std::string names;
  for (const config::Token& token : config.tokens) names += (names.empty() ? "" : ", ") + token.name;
  if (name.empty()) return UsageError("--config has several tokens: say --token").WithHint("they are " + names);
  return NotFound(fmt::format("the configuration has no token \"{}\"", name)).WithHint("it has " + names);
}

}  // namespace

Result<TokenPlace> TokenFromConfig(const config::Config& config, const std::string& name) {
  RK_TRY(const config::Token* token, FindToken(config, name));
  const auto module = std::ranges::find(config.modules, token->module, &config::Module::name);
  TokenPlace place{
      .module = {.path = module->path, .environment = {module->environment.begin(), module->environment.end()}},
      .selector = {.label = token->label, .serial = token->serial}};
  RK_TRY(place.pin, pkcs11::PinSource::Parse(token->pin_source));
  if (store::StateDir::Look(config.state_directory).ok())
    place.pin_directory = store::PinDirectory(config.state_directory);
  return place;
}

Result<TokenPlace> TokenFromConfig(const std::string& path, const std::string& name) {
  RK_TRY(const config::Config config, config::LoadConfig(path));
  return TokenFromConfig(config, name);
}

}  // namespace rootkeep::cli
