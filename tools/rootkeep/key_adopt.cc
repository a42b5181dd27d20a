#include <memory>

#include "keystore/catalog/adopt.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/find_key.h"
#include "tools/rootkeep/key_catalog.h"
#include "tools/rootkeep/key_names.h"
#include "tools/rootkeep/key_report.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  TokenOptions token;
  std::string key;
  std::string state;
  std::string custody = "local-only";
  std::vector<std::string> users;
  bool json = false;
};

Status AdoptKey(const Asked& asked) {
  RK_TRY(const TokenPlace place, FindTokenPlace(asked.token));
  RK_TRY(const std::string state, CatalogStateOf(asked.token, asked.state));
  if (state.empty()) return UsageError("into which catalogue? give --state, or --config");
  RK_TRY(const auto catalog, OpenCatalog(state));
  RK_TRY(const OpenToken token, OpenTokenAt(place));
  RK_TRY(const auto signer, FindKey(*token.store, asked.key));
  const KeyInfo& key = signer->info();
  const KeyUse use = key.named ? key.named->use : KeyUse::kApp;
  RK_RETURN_IF_ERROR(rootkeep::Adopt(*catalog, key, *CustodyLevelFromName(asked.custody),
                                     asked.users.empty() ? DefaultUsers(use) : asked.users, SystemClock().Now()));
  PrintKey(key, asked.json);
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareTokenOptions(options, asked->token);
  DeclareUsers(options, asked->users);
  options.Argument("key", asked->key, "The key's label, its name where that is enough, or its pkcs11: URI")
      .Text("--state", asked->state, "State directory with the key catalogue; with --config the one named there")
      .Choice("--custody", asked->custody, CustodyLevelNames(), "What the token must say about it")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return AdoptKey(*asked); };
}

}  // namespace

Command KeyAdoptCommand() {
  return {.group = "key",
          .name = "adopt",
          .summary = "Take a key that was made without the catalogue into it, as ACTIVE from now on",
          .example = "rootkeep key adopt --config /etc/rootkeep/rootkeepd.yaml rk/rootkeep-ca/mesh/1",
          .declare = Declare};
}

}  // namespace rootkeep::cli
