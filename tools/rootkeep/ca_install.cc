#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "keystore/base/file.h"
#include "tools/rootkeep/ca_options.h"
#include "tools/rootkeep/chain_words.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/find_key.h"
#include "tools/rootkeep/key_catalog.h"
#include "tools/rootkeep/key_report.h"
#include "tools/rootkeep/output.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kMaxFile = 1024 * 1024;

struct Asked {
  CaOptions ca;
  std::string key;
  std::string chain;
  std::string bundle;
  bool json = false;
};

// The label that `ca request` gave the key, unless another one is named.
Result<std::string> KeyNameOf(const Asked& asked) {
  if (!asked.key.empty()) return asked.key;
  return KeyLabel({.use = KeyUse::kRootkeepCa, .name = asked.ca.name, .generation = asked.ca.generation});
}

Status InstallCommand(const Asked& asked) {
  RK_TRY(const std::string key_name, KeyNameOf(asked));
  RK_TRY(const std::string chain, ReadFile(asked.chain, kMaxFile));
  RK_TRY(const std::string bundle, ReadFile(asked.bundle, kMaxFile));
  RK_TRY(const std::string state, StateOf(asked.ca));
  RK_RETURN_IF_ERROR(CheckNotInstalled(state, asked.ca.name, asked.ca.generation));
  RK_TRY(const OpenToken token, OpenTokenBy(asked.ca.token));
  RK_TRY(const auto key, FindKey(*token.store, key_name));
  RK_RETURN_IF_ERROR(CheckCustody(key->info(), KeyUse::kRootkeepCa, *CustodyLevelFromName(asked.ca.custody), false));
  RK_RETURN_IF_ERROR(CheckInCatalog(state, key->info(), {.use = KeyUse::kRootkeepCa, .user = kUserDaemon}));
  RK_RETURN_IF_ERROR(Install(*key, chain, bundle,
                             {.state_directory = state,
                              .name = asked.ca.name,
                              .generation = asked.ca.generation,
                              .path_length = asked.ca.path_length},
                             std::chrono::system_clock::now()));
  RK_TRY(const auto certificates, ReadCertificates(chain + bundle));
  const std::string directory = fmt::format("{}/authorities/{}/{}", state, asked.ca.name, asked.ca.generation);
  if (asked.json) {
    PrintJson({{"issuing_key", KeyJson(key->info())},
               {"certificates", ChainJson(certificates, {key->info()})},
               {"chain", chain},
               {"bundle", bundle},
               {"directory", directory}});
    return Ok();
  }
  for (const std::string& line : ChainWords(certificates, {key->info()})) PrintLine(line);
  PrintLine("installed in " + directory);
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareTokenOptions(options, asked->ca.token);
  DeclareCaName(options, asked->ca);
  DeclarePathLength(options, asked->ca);
  DeclareCaState(options, asked->ca);
  options.Required("--chain", asked->chain, "PEM: the issuing certificate, then those above it without the root")
      .Required("--bundle", asked->bundle, "PEM: the trust bundle, one or more roots")
      .Text("--key", asked->key, "The key's label or URI, when it is not rk/rootkeep-ca/<name>/<generation>")
      .Choice("--custody", asked->ca.custody, {"local-only", "hsm-backup"}, "What the token must promise about the key")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return InstallCommand(*asked); };
}

}  // namespace

Command CaInstallCommand() {
  return {.group = "ca",
          .name = "install",
          .summary = "Check the certificate that came back for an issuing key, and give it to rootkeepd",
          .example =
              "rootkeep ca install --config /etc/rootkeep/rootkeepd.yaml --name mesh --chain mesh-1.pem "
              "--bundle root.pem",
          .declare = Declare};
}

}  // namespace rootkeep::cli
