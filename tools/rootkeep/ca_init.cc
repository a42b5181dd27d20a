#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "keystore/base/file.h"
#include "keystore/catalog/adopt.h"
#include "keystore/pkcs11/store.h"
#include "tools/rootkeep/ca_options.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/key_catalog.h"
#include "tools/rootkeep/key_report.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kMaxFile = 1024 * 1024;

struct Asked {
  CaOptions ca;
  std::string root_token;
  std::string root_pin_source;
  std::string root_certificate;
  bool self_signed = false;
  bool json = false;
};

// The token that keeps the root, in the same module; the issuing key's own unless another is named.
Result<std::shared_ptr<KeyStore>> OpenRootStore(const Asked& asked, const OpenToken& token,
                                                const pkcs11::TokenSelector& selector,
                                                const std::shared_ptr<Catalog>& catalog) {
  if (asked.root_token.empty() != asked.root_pin_source.empty()) {
    return UsageError("--root-token and --root-pin-source go together");
  }
  const std::vector<std::string> users{std::string(kUserOperator)};
  if (asked.root_token.empty()) return ThroughCatalog(token, selector, catalog, users, kUserOperator);
  RK_TRY(auto pin, pkcs11::PinSource::Parse(asked.root_pin_source));
  const pkcs11::TokenSelector vault{.label = asked.root_token};
  OpenToken root{.module = token.module, .store = nullptr};
  RK_TRY(root.store, pkcs11::OpenStore(token.module, vault, std::move(pin)));
  RK_RETURN_IF_ERROR(root.store->health()->Probe(After(kTokenDeadline)));
  return ThroughCatalog(root, vault, catalog, users, kUserOperator);
}

nlohmann::ordered_json ToJson(const InitialisedCa& made, const std::string& directory) {
  return {{"root_key", KeyJson(made.root_key)},
          {"issuing_key", KeyJson(made.issuing_key)},
          {"chain", made.chain_pem},
          {"bundle", made.bundle_pem},
          {"directory", directory}};
}

// Keys that were there already, perhaps from before the catalogue.
Status AdoptBoth(Catalog& catalog, const InitialisedCa& made, const CaPlan& plan) {
  const WallTime now = SystemClock().Now();
  if (!plan.self_signed) {
    RK_RETURN_IF_ERROR(AdoptUnlessKnown(catalog, made.root_key, plan.custody, {std::string(kUserOperator)}, now));
  }
  return AdoptUnlessKnown(catalog, made.issuing_key, plan.custody, DefaultUsers(KeyUse::kRootkeepCa), now);
}

// The issuing key is the root's: nothing about another root goes with that.
Status CheckSelfSigned(const Asked& asked) {
  if (!asked.self_signed || (asked.root_certificate + asked.root_token + asked.root_pin_source).empty()) return Ok();
  return UsageError("--self-signed has no other root: it goes with no --root-certificate and no --root-token");
}

Status Init(const Asked& asked) {
  RK_RETURN_IF_ERROR(CheckSelfSigned(asked));
  if (asked.ca.generation > 1 && asked.root_certificate.empty() && !asked.self_signed) {
    return UsageError("a later generation is signed by the root there is: give --root-certificate")
        .WithHint("it is in bundle.pem of the generation before");
  }
  RK_TRY(CaPlan plan, PlanOf(asked.ca));
  plan.self_signed = asked.self_signed;
  RK_TRY(const std::string state, StateOf(asked.ca));
  std::string root_pem;
  if (!asked.root_certificate.empty()) {
    RK_TRY(root_pem, ReadFile(asked.root_certificate, kMaxFile));
  }
  RK_TRY(const auto catalog, OpenCatalog(state));
  RK_TRY(const TokenPlace place, FindTokenPlace(asked.ca.token));
  RK_TRY(const OpenToken token, OpenTokenAt(place));
  RK_TRY(const auto store, ThroughCatalog(token, place.selector, catalog, DefaultUsers(KeyUse::kRootkeepCa)));
  RK_TRY(const auto root_store, OpenRootStore(asked, token, place.selector, catalog));
  const Narrator say = [&asked](const std::string& line) {
    if (!asked.json) PrintLine(line);
  };
  RK_TRY(const InitialisedCa made, InitCa(*store, *root_store, plan, root_pem, state, say));
  if (plan.use_existing_keys) RK_RETURN_IF_ERROR(AdoptBoth(*catalog, made, plan));
  const std::string directory = fmt::format("{}/authorities/{}/{}", state, plan.name, plan.generation);
  if (asked.json) {
    PrintJson(ToJson(made, directory));
  } else {
    PrintLine("installed in " + directory);
  }
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareTokenOptions(options, asked->ca.token);
  DeclareCaName(options, asked->ca);
  DeclareCaKey(options, asked->ca);
  DeclarePathLength(options, asked->ca);
  DeclareCaState(options, asked->ca);
  options.Number("--ttl-days", asked->ca.ttl_days, 1, 1825, "Lifetime of the issuing certificate")
      .Number("--root-ttl-days", asked->ca.root_ttl_days, 30, 10950, "Lifetime of a new root certificate")
      .Text("--root-token", asked->root_token, "Label of another token of the same module that keeps the root")
      .Text("--root-pin-source", asked->root_pin_source, "Where that token's PIN is read")
      .Text("--root-certificate", asked->root_certificate,
            "PEM of a root whose key is in that token, instead of a new one")
      .Flag("--self-signed", asked->self_signed,
            "One key for both: the root itself issues, and rootkeepd signs with it")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return Init(*asked); };
}

}  // namespace

Command CaInitCommand() {
  return {
      .group = "ca",
      .name = "init",
      .summary = "Generate root and issuing key inside a token, certify, install; rootkeepd needs the issuing key only",
      .example = "rootkeep ca init --config /etc/rootkeep/rootkeepd.yaml --name mesh --trust-domain cluster.local",
      .declare = Declare};
}

}  // namespace rootkeep::cli
