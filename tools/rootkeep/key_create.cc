#include <algorithm>
#include <memory>

#include "keystore/catalog/generation.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/key_catalog.h"
#include "tools/rootkeep/key_names.h"
#include "tools/rootkeep/key_report.h"
#include "tools/rootkeep/token_options.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  TokenOptions token;
  std::string type = "ec-p256";
  std::string use = "app";
  std::string custody = "local-only";
  std::string name;
  std::string state;
  std::vector<std::string> users;
  std::uint32_t generation = 0;  // the next free one
  bool json = false;
};

// The next after all that the token and, where there is one, the catalogue know.
Result<std::uint32_t> NextIn(KeyStore& store, const Catalog* catalog, const KeySpec& spec) {
  std::vector<CatalogEntry> entries;
  if (catalog != nullptr) {
    RK_TRY(entries, catalog->List());
  }
  RK_TRY(const std::vector<KeyInfo> keys, store.List(After(kTokenDeadline)));
  return NextGeneration(entries, keys, spec.use, spec.name);
}

Status Create(const Asked& asked) {
  KeySpec spec{.type = *KeyTypeFromName(asked.type),
               .use = *KeyUseFromName(asked.use),
               .name = asked.name,
               .generation = std::max(asked.generation, 1U),
               .custody = *CustodyLevelFromName(asked.custody)};
  RK_RETURN_IF_ERROR(KeyLabel(spec));
  RK_TRY(const TokenPlace place, FindTokenPlace(asked.token));
  RK_TRY(const std::string state, CatalogStateOf(asked.token, asked.state));
  std::shared_ptr<Catalog> catalog;
  if (!state.empty()) {
    RK_TRY(catalog, OpenCatalog(state));
  }
  RK_TRY(const OpenToken token, OpenTokenAt(place));
  RK_TRY(const auto store,
         ThroughCatalog(token, place.selector, catalog, asked.users.empty() ? DefaultUsers(spec.use) : asked.users));
  if (asked.generation == 0) {
    RK_TRY(spec.generation, NextIn(*store, catalog.get(), spec));
  }
  RK_TRY(const KeyInfo key, store->Create(spec, After(kKeyGenerationDeadline)));
  PrintKey(key, asked.json);
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareKeyPlaceOptions(options, asked->token);
  DeclareCatalogState(options, asked->state);
  DeclareUsers(options, asked->users);
  options.Choice("--type", asked->type, KeyTypeNames(), "What kind of key")
      .Choice("--use", asked->use, KeyUseNames(), "What it is for; never changes")
      .Required("--name", asked->name, "Its name: letters a-z, digits, dots and dashes")
      .Number("--generation", asked->generation, 0, 1'000'000,
              "Which key of that name this is, from 1; 0 takes the next free one")
      .Choice("--custody", asked->custody, CustodyLevelNames(), "What the token must promise about it")
      .Flag(
          "--empty-auth", asked->token.empty_auth,
          "In a TPM: without an auth value, for programs that cannot be told one; whoever reaches TPM and file can use "
          "the key")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return Create(*asked); };
}

}  // namespace

Command KeyCreateCommand() {
  return {.group = "key",
          .name = "create",
          .summary = "Generate a key inside a token; it never leaves it",
          .example =
              "rootkeep key create --config /etc/rootkeep/rootkeepd.yaml --token main --use rootkeep-ca "
              "--name mesh --type ec-p256",
          .declare = Declare};
}

}  // namespace rootkeep::cli
