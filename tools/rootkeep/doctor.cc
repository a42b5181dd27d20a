#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "signer/store/state_dir.h"
#include "tools/config/load.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/doctor/check_agent.h"
#include "tools/rootkeep/doctor/check_catalogue.h"
#include "tools/rootkeep/doctor/check_config.h"
#include "tools/rootkeep/doctor/check_relay.h"
#include "tools/rootkeep/doctor/check_token.h"
#include "tools/rootkeep/find_key.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/token_options.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  TokenOptions token;
  std::string key;
  std::string state;
  std::string agent_config;
  bool json = false;
};

Status UseOtherPinSource(config::Config& config, const std::string& source) {
  if (config.tokens.size() != 1) return UsageError("--pin-source: the configuration has several tokens");
  // Said before the examination begins, as a mistake on the command line.
  if (const auto parsed = pkcs11::PinSource::Parse(source); !parsed.ok()) {
    return UsageError("--pin-source: " + parsed.error().message());
  }
  config.tokens.front().pin_source = source;
  return Ok();
}

Status ExamineConfig(Checkup& checkup, const Asked& asked) {
  const TokenOptions& given = asked.token;
  if (!given.token.empty() || !given.serial.empty() || !given.module.empty() || !given.module_environment.empty() ||
      !asked.key.empty() || !asked.state.empty()) {
    return UsageError(
        "--config examines all it names: leave out --token, --serial, --module, --module-env, --key and --state");
  }
  auto config = config::LoadConfig(given.config);
  if (!config.ok()) {
    checkup.Step("configuration", given.config, config.error());
    return Ok();
  }
  if (!given.pin_source.empty()) RK_RETURN_IF_ERROR(UseOtherPinSource(*config, given.pin_source));
  CheckConfig(checkup, *config, given.config);
  return Ok();
}

// What a state directory says about a token.
struct KnownState {
  CatalogueRows rows;
  std::string pins;  // the directory with what is on record; empty: none
};

// Without one, that this was not asked.
KnownState LookAtState(Checkup& checkup, const std::string& state, const std::string& name) {
  if (state.empty()) {
    checkup.Warn(kCatalogueStep, name,
                 "not read: neither --state nor --config says where it is, so that nothing is known of what its keys "
                 "may do, nor of a PIN that was refused before");
    return {};
  }
  const auto looked = store::StateDir::Look(state);
  if (!checkup.Step("state", state, looked)) return {};
  return {.rows = ReadCatalogue(checkup, *looked), .pins = store::PinDirectory(state)};
}

Status ExamineAgent(Checkup& checkup, const Asked& asked) {
  const TokenOptions& given = asked.token;
  if (!given.config.empty() || !given.token.empty() || !given.serial.empty() || !given.module.empty() ||
      !given.pin_source.empty() || !asked.key.empty() || !asked.state.empty()) {
    return UsageError("--agent-config examines an agent's certificates and relay: leave out the other options");
  }
  const auto config = agent::LoadAgentConfig(asked.agent_config);
  if (checkup.Step("configuration", asked.agent_config, config)) {
    const WallTime now = std::chrono::system_clock::now();
    CheckAgentCertificates(checkup, *config, now);
    CheckAgentRelay(checkup, *config, now);
  }
  return Ok();
}

// Everything that the configuration names, or one token and perhaps one key in it.
Status Examine(Checkup& checkup, const Asked& asked) {
  if (!asked.agent_config.empty()) return ExamineAgent(checkup, asked);
  if (!asked.token.config.empty()) return ExamineConfig(checkup, asked);
  RK_TRY(const TokenPlace place, FindTokenPlace(asked.token));
  const std::string name = "token " + (asked.token.token.empty() ? asked.token.serial : asked.token.token);
  const KnownState state = LookAtState(checkup, asked.state, name);
  pkcs11::ModuleRegistry modules(state.pins);
  const auto token = CheckToken(checkup, modules, name, place);
  if (token) {
    CheckCatalogue(checkup, state.rows, name, {.label = place.selector.label, .serial = place.selector.serial},
                   *token->store);
  }
  if (asked.key.empty()) return Ok();
  if (!token) {
    SkipKey(checkup, asked.key);
    return Ok();
  }
  const auto signer = FindKey(*token->store, asked.key);
  const bool named = signer.ok() && (*signer)->info().named;
  // Nobody's signature: a statement that says what it is.
  const auto permitted =
      signer.ok() ? CheckPermission(checkup, asked.key, state.rows, (*signer)->info(), Purpose{}) : std::nullopt;
  CheckKey(checkup, signer, asked.key, named ? (*signer)->info().named->use : KeyUse::kApp, CustodyLevel::kLocalOnly,
           false, permitted);
  return Ok();
}

Status Doctor(const Asked& asked) {
  Checkup checkup([&asked](const Finding& finding) {
    if (!asked.json) PrintLine(FindingText(finding));
  });
  RK_RETURN_IF_ERROR(Examine(checkup, asked));
  if (asked.json) PrintJson(checkup.ToJson());
  if (checkup.failed() == 0) return Ok();
  return FailedPrecondition(fmt::format("{} of the steps failed", checkup.failed()));
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareTokenOptions(options, asked->token);
  options.Text("--key", asked->key, "Label or URI of a key to try, beside the token options")
      .Text("--state", asked->state,
            "State directory whose key catalogue and record of refused PINs to hold the token against; --config names "
            "one")
      .Text("--agent-config", asked->agent_config,
            "Configuration of a rootkeep-agent: whether its certificates are there and renewed in time, and its relay "
            "answers")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return Doctor(*asked); };
}

}  // namespace

Command DoctorCommand() {
  return {.group = "",
          .name = "doctor",
          .summary = "Find out what is wrong: module, token, PIN, keys, custody, certificates, step by step",
          .example = "rootkeep doctor --config /etc/rootkeep/rootkeepd.yaml",
          .declare = Declare};
}

}  // namespace rootkeep::cli
