#include "tools/rootkeep/token_options.h"

#include <fmt/format.h>

#include "tools/rootkeep/token_config.h"
#include "tools/rootkeep/tpm_place.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

Result<std::map<std::string, std::string>> ParseEnvironment(const std::vector<std::string>& settings) {
  std::map<std::string, std::string> environment;
  for (const std::string& setting : settings) {
    const auto equals = setting.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return UsageError(fmt::format("--module-env {}: want NAME=VALUE", setting));
    }
    environment[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return environment;
}

Result<pkcs11::PinSource> ParsePinSource(const std::string& text) {
  auto pin = pkcs11::PinSource::Parse(text);
  if (!pin.ok()) return UsageError("--pin-source: " + pin.error().message());
  return pin;
}

Result<TokenPlace> FromOptions(const TokenOptions& options) {
  if (options.module.empty()) {
    return UsageError("which token? give --config and --token, or --module, --token or --serial, and --pin-source");
  }
  if (options.token.empty() && options.serial.empty())
    return UsageError("--module needs --token or --serial beside it");
  if (options.pin_source.empty()) return UsageError("--module needs --pin-source beside it");
  TokenPlace place{.module = {.path = options.module}, .selector = {.label = options.token, .serial = options.serial}};
  RK_TRY(place.module.environment, ParseEnvironment(options.module_environment));
  RK_TRY(place.pin, ParsePinSource(options.pin_source));
  return place;
}

}  // namespace

void DeclareTokenOptions(Options& options, TokenOptions& into) {
  options.Text("--config", into.config, "rootkeepd's configuration, to take module and token from")
      .Text("--token", into.token, "With --config the token's name there, otherwise the token's label")
      .Text("--serial", into.serial, "The token's serial number, beside or instead of its label")
      .Text("--module", into.module, "Path of the PKCS#11 module")
      .List("--module-env", into.module_environment, "NAME=VALUE for the module's environment; may be repeated")
      .Text("--pin-source", into.pin_source,
            "Where the PIN is read: file:/path (mode 0600) or credential:NAME; with --config instead of the source "
            "there");
}

void DeclareKeyPlaceOptions(Options& options, TokenOptions& into) {
  DeclareTokenOptions(options, into);
  options
      .Text(
          "--tpm", into.tpm,
          "Instead of a token: the name of a TPM, in rootkeep-agent's configuration (--config), or of one's own beside "
          "--tcti and --directory")
      .Text("--tcti", into.tcti, "How to reach the TPM, for example device:/dev/tpmrm0")
      .Text("--directory", into.directory, "Where the TPM's key files are");
}

Result<TokenPlace> FindTokenPlace(const TokenOptions& options) {
  if (!options.tpm.empty()) return FindTpmPlace(options);
  if (!options.tcti.empty() || !options.directory.empty()) return UsageError("--tcti and --directory need --tpm");
  if (options.config.empty()) return FromOptions(options);
  if (!options.module.empty() || !options.serial.empty() || !options.module_environment.empty()) {
    return UsageError("--config says where the token is: leave out --module, --module-env, --serial");
  }
  RK_TRY(TokenPlace place, TokenFromConfig(options.config, options.token));
  // The service's own source may be a credential, which only systemd can read.
  if (!options.pin_source.empty()) {
    RK_TRY(place.pin, ParsePinSource(options.pin_source));
  }
  return place;
}

Result<OpenToken> OpenTokenBy(const TokenOptions& options) {
  RK_TRY(const TokenPlace place, FindTokenPlace(options));
  return OpenTokenAt(place);
}

}  // namespace rootkeep::cli
