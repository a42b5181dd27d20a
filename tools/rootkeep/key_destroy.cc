#include <fmt/format.h>

#include <memory>

#include "keystore/catalog/destruction.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/key_catalog.h"
#include "tools/rootkeep/key_in_use.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  TokenOptions token;
  std::string key;
  std::string confirm;
  std::string state;
};

Status Destroy(const Asked& asked) {
  RK_TRY(const TokenPlace place, FindTokenPlace(asked.token));
  RK_TRY(const std::string state, CatalogStateOf(asked.token, asked.state));
  if (state.empty()) return UsageError("in which catalogue? give --state, or --config");
  RK_TRY(const auto catalog, OpenCatalog(state));
  RK_TRY(const CatalogEntry entry, FindRow(*catalog, asked.key));
  if (asked.confirm != entry.label) {
    return UsageError(fmt::format("--confirm {} is not the label of the key to be destroyed", asked.confirm))
        .WithHint("a destroyed key never comes back. Its label is " + entry.label);
  }
  RK_RETURN_IF_ERROR(CheckNotInUse(entry, place.tpm ? "" : asked.token.config, state));
  RK_TRY(const OpenToken token, OpenTokenAt(place));
  RK_TRY(const TokenName name, NameOf(token, place.selector));
  RK_RETURN_IF_ERROR(DestroyKey(*catalog, *token.store, name, entry.label, SystemClock(), After(kTokenDeadline)));
  PrintLine(fmt::format("{} is DESTROYED", entry.label));
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareKeyPlaceOptions(options, asked->token);
  options.Text("--state", asked->state, "State directory with the key catalogue; with --config the one named there")
      .Required("--confirm", asked->confirm, "The key's label once more, in full: a destroyed key never comes back")
      .Argument("key", asked->key, "The key's label, or its name where that is enough");
  return [asked] { return Destroy(*asked); };
}

}  // namespace

Command KeyDestroyCommand() {
  return {.group = "key",
          .name = "destroy",
          .summary = "Destroy a RETIRED key in its token; refused for a key that an authority uses",
          .example =
              "rootkeep key destroy --config /etc/rootkeep/rootkeepd.yaml rk/rootkeep-ca/mesh/1 "
              "--confirm rk/rootkeep-ca/mesh/1",
          .declare = Declare};
}

}  // namespace rootkeep::cli
