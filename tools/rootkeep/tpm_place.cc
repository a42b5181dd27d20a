#include "tools/rootkeep/tpm_place.h"

#include <fmt/format.h>

#include <filesystem>

#include "keystore/tpm2/tcti_name.h"
#include "tools/rootkeep-agent/agent_config.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

Result<config::Token> FromConfig(const std::string& path, const std::string& name) {
  RK_TRY(const agent::AgentConfig config, agent::LoadAgentConfig(path));
  std::string names;
  for (const config::Token& token : config.tokens) {
    if (!token.tpm) continue;
    if (token.name == name) return token;
    names += (names.empty() ? "" : ", ") + token.name;
  }
  return NotFound(fmt::format("the configuration has no TPM \"{}\"", name))
      .WithHint(names.empty() ? "it has none" : "it has " + names);
}

Result<config::Token> FromOptions(const TokenOptions& options) {
  if (options.tcti.empty() || options.directory.empty()) {
    return UsageError("--tpm needs --config of the agent, or --tcti and --directory beside it");
  }
  RK_RETURN_IF_ERROR(tpm2::ParseTcti(options.tcti));
  const std::string directory = std::filesystem::absolute(options.directory);
  return config::Token{
      .name = options.tpm,
      .label = options.tpm,
      .tpm = config::Tpm{.tcti = options.tcti, .directory = directory, .turn_file = directory + "/turn"}};
}

}  // namespace

Result<TokenPlace> FindTpmPlace(const TokenOptions& options) {
  if (!options.module.empty() || !options.token.empty() || !options.serial.empty() || !options.pin_source.empty() ||
      !options.module_environment.empty()) {
    return UsageError(
        "a TPM has no module, token or PIN: leave out --module, --module-env, --token, --serial, --pin-source");
  }
  if (!options.config.empty() && (!options.tcti.empty() || !options.directory.empty())) {
    return UsageError("--config says where the TPM is: leave out --tcti and --directory");
  }
  TokenPlace place{.selector = {.label = options.tpm}};
  RK_TRY(place.tpm, options.config.empty() ? FromOptions(options) : FromConfig(options.config, options.tpm));
  if (options.empty_auth) place.tpm->tpm->empty_auth = true;
  return place;
}

}  // namespace rootkeep::cli
