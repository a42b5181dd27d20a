#include "keystore/evidence/key_evidence.h"

#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/find_key.h"
#include "tools/rootkeep/key_catalog.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/token_options.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  TokenOptions token;
  std::string key;
  std::string state;
};

Status Write(const Asked& asked) {
  RK_TRY(const OpenToken token, OpenTokenBy(asked.token));
  RK_TRY(const auto signer, FindKey(*token.store, asked.key));
  RK_TRY(const std::string state, CatalogStateOf(asked.token, asked.state));
  RK_RETURN_IF_ERROR(CheckInCatalog(state, signer->info(), {}));
  RK_TRY(std::string text, WriteEvidence(*signer, SystemClock().Now(), After(kTokenDeadline)));
  text.pop_back();  // PrintLine ends the line
  PrintLine(text);
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareTokenOptions(options, asked->token);
  options.Argument("key", asked->key, "The key's label, its name where that is enough, or its pkcs11: URI")
      .Text("--state", asked->state,
            "State directory with the key catalogue, which may forbid the key to sign; with --config the one there");
  return [asked] { return Write(*asked); };
}

}  // namespace

Command KeyEvidenceCommand() {
  return {.group = "key",
          .name = "evidence",
          .summary = "What a token says about one key, as JSON signed by the key itself (keystore/evidence/README.md)",
          .example = "rootkeep key evidence --config /etc/rootkeep/rootkeepd.yaml rk/rootkeep-ca/mesh/1 > mesh.json",
          .declare = Declare};
}

}  // namespace rootkeep::cli
