#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/find_key.h"
#include "tools/rootkeep/key_report.h"
#include "tools/rootkeep/token_options.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  TokenOptions token;
  std::string key;
  bool json = false;
};

Status Show(const Asked& asked) {
  RK_TRY(const OpenToken token, OpenTokenBy(asked.token));
  RK_TRY(const auto signer, FindKey(*token.store, asked.key, token.scheme));
  PrintKey(signer->info(), asked.json);
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareKeyPlaceOptions(options, asked->token);
  options.Argument("key", asked->key, "The key's label, its name where that is enough, or its pkcs11: or tpm2: URI")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return Show(*asked); };
}

}  // namespace

Command KeyShowCommand() {
  return {.group = "key",
          .name = "show",
          .summary = "Everything a token says about one key",
          .example = "rootkeep key show --config /etc/rootkeep/rootkeepd.yaml rk/rootkeep-ca/mesh/1",
          .declare = Declare};
}

}  // namespace rootkeep::cli
