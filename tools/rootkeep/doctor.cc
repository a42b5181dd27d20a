#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tools/config/load.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/doctor/check_config.h"
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
  bool json = false;
};

// Everything that the configuration names, or one token and perhaps one key in it.
Status Examine(Checkup& checkup, const Asked& asked) {
  if (!asked.token.config.empty()) {
    if (!asked.token.token.empty() || !asked.key.empty()) {
      return UsageError("--config examines all it names: leave out --token and --key");
    }
    const auto config = config::LoadConfig(asked.token.config);
    if (config.ok()) {
      CheckConfig(checkup, *config, asked.token.config);
    } else {
      checkup.Step("configuration", asked.token.config, config.error());
    }
    return Ok();
  }
  RK_TRY(const TokenPlace place, FindTokenPlace(asked.token));
  const std::string name = "token " + (asked.token.token.empty() ? asked.token.serial : asked.token.token);
  pkcs11::ModuleRegistry modules;
  const auto token = CheckToken(checkup, modules, name, place);
  if (asked.key.empty()) return Ok();
  if (!token) {
    SkipKey(checkup, asked.key);
    return Ok();
  }
  const auto signer = FindKey(*token->store, asked.key);
  const bool named = signer.ok() && (*signer)->info().named;
  CheckKey(checkup, signer, asked.key, named ? (*signer)->info().named->use : KeyUse::kApp, CustodyLevel::kLocalOnly,
           false);
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
