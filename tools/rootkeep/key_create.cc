#include <memory>

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
  std::uint32_t generation = 1;
  bool json = false;
};

Status Create(const Asked& asked) {
  const KeySpec spec{.type = *KeyTypeFromName(asked.type),
                     .use = *KeyUseFromName(asked.use),
                     .name = asked.name,
                     .generation = asked.generation,
                     .custody = *CustodyLevelFromName(asked.custody)};
  RK_RETURN_IF_ERROR(KeyLabel(spec));
  RK_TRY(const TokenPlace place, FindTokenPlace(asked.token));
  RK_TRY(const std::string state, CatalogStateOf(asked.token, asked.state));
  std::shared_ptr<Catalog> catalog;
  if (!state.empty()) {
    RK_TRY(catalog, OpenCatalog(state));
  }
  RK_TRY(const OpenToken token, OpenTokenAt(place));
  RK_TRY(const auto store, ThroughCatalog(token, place.selector, catalog, UsersOf(spec.use)));
  RK_TRY(const KeyInfo key, store->Create(spec, After(kKeyGenerationDeadline)));
  PrintKey(key, asked.json);
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareTokenOptions(options, asked->token);
  DeclareCatalogState(options, asked->state);
  options.Choice("--type", asked->type, KeyTypeNames(), "What kind of key")
      .Choice("--use", asked->use, KeyUseNames(), "What it is for; never changes")
      .Required("--name", asked->name, "Its name: letters a-z, digits, dots and dashes")
      .Number("--generation", asked->generation, 1, 1'000'000, "Which key of that name this is")
      .Choice("--custody", asked->custody, CustodyLevelNames(), "What the token must promise about it")
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
