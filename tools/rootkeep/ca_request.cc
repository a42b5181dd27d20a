#include <memory>
#include <nlohmann/json.hpp>

#include "keystore/base/file.h"
#include "keystore/catalog/adopt.h"
#include "tools/rootkeep/ca_options.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/key_catalog.h"
#include "tools/rootkeep/key_report.h"
#include "tools/rootkeep/output.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  CaOptions ca;
  std::string out;
  bool json = false;
};

Status Request(const Asked& asked) {
  RK_TRY(const CaPlan plan, PlanOf(asked.ca));
  RK_TRY(const TokenPlace place, FindTokenPlace(asked.ca.token));
  RK_TRY(const std::string state, CatalogStateOf(asked.ca.token, asked.ca.state));
  std::shared_ptr<Catalog> catalog;
  if (!state.empty()) {
    RK_TRY(catalog, OpenCatalog(state));
  }
  RK_TRY(OpenToken token, OpenTokenAt(place));
  RK_TRY(token.store, ThroughCatalog(token, place.selector, catalog, DefaultUsers(KeyUse::kRootkeepCa)));
  RK_TRY(const auto key, MakeIssuingKey(*token.store, plan));
  if (catalog != nullptr && plan.use_existing_keys) {
    RK_RETURN_IF_ERROR(
        AdoptUnlessKnown(*catalog, key->info(), plan.custody, DefaultUsers(KeyUse::kRootkeepCa), SystemClock().Now()));
  }
  RK_TRY(const std::string pem, MakeCsr(*key, IssuingSubject(plan), After(kTokenDeadline), plan.path_length));
  RK_RETURN_IF_ERROR(WriteFileAtomically(asked.out, pem, 0644));
  if (asked.json) {
    PrintJson({{"issuing_key", KeyJson(key->info())}, {"request", pem}, {"file", asked.out}});
    return Ok();
  }
  for (const std::string& line : KeyLines(key->info())) PrintLine(line);
  PrintLine("request      " + asked.out);
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareTokenOptions(options, asked->ca.token);
  DeclareCaName(options, asked->ca);
  DeclareCaKey(options, asked->ca);
  DeclarePathLength(options, asked->ca);
  DeclareCatalogState(options, asked->ca.state);
  options.Required("--out", asked->out, "File for the PKCS#10 request, PEM").Flag("--json", asked->json, "Print JSON");
  return [asked] { return Request(*asked); };
}

}  // namespace

Command CaRequestCommand() {
  return {.group = "ca",
          .name = "request",
          .summary = "Generate an issuing key inside a token and its request, for a root kept elsewhere",
          .example =
              "rootkeep ca request --config /etc/rootkeep/rootkeepd.yaml --name mesh "
              "--trust-domain cluster.local --out mesh-1.csr",
          .declare = Declare};
}

}  // namespace rootkeep::cli
