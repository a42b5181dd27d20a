#include "tools/rootkeep/key_catalog.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "keystore/catalog/catalogued_store.h"
#include "signer/store/state_dir.h"
#include "tools/config/load.h"
#include "tools/rootkeep-agent/agent_config.h"
#include "tools/rootkeep/find_token.h"

namespace rootkeep::cli {

void DeclareUsers(Options& options, std::vector<std::string>& into) {
  options.List("--user", into,
               "Who may sign with it, for example rootkeepd or operator; may be repeated. Without: rootkeepd for the "
               "uses rootkeep-ca and log, otherwise rootkeep-agent");
}

void DeclareCatalogState(Options& options, std::string& into) {
  options.Text("--state", into,
               "State directory with the key catalogue; with --config the one named there. With neither there is no "
               "catalogue: a key is made without a record of it");
}

Result<std::string> CatalogStateOf(const TokenOptions& token, const std::string& state) {
  if (!state.empty() || token.config.empty()) return state;
  if (!token.tpm.empty()) {
    RK_TRY(const agent::AgentConfig config, agent::LoadAgentConfig(token.config));
    return config.state_directory;
  }
  RK_TRY(const config::Config config, config::LoadConfig(token.config));
  return config.state_directory;
}

Result<std::shared_ptr<Catalog>> OpenCatalog(const std::string& state) {
  RK_TRY(const store::StateDir directory, store::StateDir::Prepare(state));
  RK_TRY(auto catalog, Catalog::Open(directory.key_catalog_path()));
  return std::shared_ptr<Catalog>(std::move(catalog));
}

Result<std::shared_ptr<Catalog>> LookCatalog(const std::string& state) {
  const auto directory = store::StateDir::Look(state);
  if (!directory.ok()) {
    if (directory.error().code() == Code::kNotFound) return std::shared_ptr<Catalog>();
    return directory.error();
  }
  auto catalog = Catalog::Look(directory->key_catalog_path());
  if (catalog.ok()) return std::shared_ptr<Catalog>(std::move(*catalog));
  if (catalog.error().code() == Code::kNotFound) return std::shared_ptr<Catalog>();
  return std::move(catalog.error());
}

Result<CatalogEntry> FindRow(const Catalog& catalog, const std::string& key) {
  RK_TRY(const std::vector<CatalogEntry> entries, catalog.List());
  std::vector<CatalogEntry> named;
  for (const CatalogEntry& entry : entries) {
    if (entry.label == key) return entry;
    // Of what is no more, only a label can be meant.
    if (entry.named.name == key && entry.state != KeyState::kDestroyed) named.push_back(entry);
  }
  if (named.size() == 1) return named.front();
  std::vector<std::string> labels;
  for (const CatalogEntry& entry : named.empty() ? entries : named) labels.push_back(entry.label);
  const std::string shown = fmt::format("{}", fmt::join(labels, ", "));
  if (named.empty()) {
    return NotFound(fmt::format("the key catalogue has no \"{}\"", key))
        .WithHint(shown.empty() ? "it is empty" : "it has " + shown);
  }
  return FailedPrecondition(fmt::format("{} keys have the name \"{}\"", named.size(), key))
      .WithHint("say which: " + shown);
}

Status CheckInCatalog(const std::string& state, const KeyInfo& key, const Purpose& purpose) {
  if (state.empty()) return Ok();
  RK_TRY(const auto catalog, LookCatalog(state));
  if (catalog == nullptr) return Ok();
  RK_TRY(const std::vector<CatalogEntry> entries, catalog->List());
  Status permitted = CheckPermitted(entries, key, purpose);
  if (permitted.ok() || permitted.error().reason() == "key_uncatalogued") return Ok();
  return permitted;
}

Result<TokenName> NameOf(const OpenToken& token, const pkcs11::TokenSelector& selector) {
  // As the agent calls it.
  if (token.module == nullptr) return TokenName{.label = selector.label, .serial = selector.serial};
  RK_TRY(const DeviceInfo device, FindDevice(*token.module, selector));
  return TokenName{.label = device.label, .serial = device.serial};
}

Result<std::shared_ptr<KeyStore>> ThroughCatalog(const OpenToken& token, const pkcs11::TokenSelector& selector,
                                                 const std::shared_ptr<Catalog>& catalog,
                                                 const std::vector<std::string>& users, std::string_view opened_by) {
  if (catalog == nullptr) return token.store;
  static const SystemClock clock;
  RK_TRY(const TokenName name, NameOf(token, selector));
  return std::shared_ptr<KeyStore>(
      std::make_shared<CataloguedStore>(token.store, catalog, name, clock, users, std::string(opened_by)));
}

}  // namespace rootkeep::cli
