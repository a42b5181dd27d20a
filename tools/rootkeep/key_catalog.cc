#include "tools/rootkeep/key_catalog.h"

#include "keystore/catalog/catalogued_store.h"
#include "signer/store/state_dir.h"
#include "tools/config/load.h"
#include "tools/rootkeep/find_token.h"

namespace rootkeep::cli {

std::vector<std::string> UsersOf(KeyUse use) {
  if (use == KeyUse::kRootkeepCa || use == KeyUse::kLog) return {kDaemonUser};
  return {};
}

void DeclareCatalogState(Options& options, std::string& into) {
  options.Text("--state", into,
               "State directory with the key catalogue; with --config the one named there. With neither there is no "
               "catalogue: a key is made without a record of it");
}

Result<std::string> CatalogStateOf(const TokenOptions& token, const std::string& state) {
  if (!state.empty() || token.config.empty()) return state;
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

Result<TokenName> NameOf(const OpenToken& token, const pkcs11::TokenSelector& selector) {
  RK_TRY(const DeviceInfo device, FindDevice(*token.module, selector));
  return TokenName{.label = device.label, .serial = device.serial};
}

Result<std::shared_ptr<KeyStore>> ThroughCatalog(const OpenToken& token, const pkcs11::TokenSelector& selector,
                                                 const std::shared_ptr<Catalog>& catalog,
                                                 const std::vector<std::string>& users) {
  if (catalog == nullptr) return token.store;
  static const SystemClock clock;
  RK_TRY(const TokenName name, NameOf(token, selector));
  return std::shared_ptr<KeyStore>(std::make_shared<CataloguedStore>(token.store, catalog, name, clock, users));
}

}  // namespace rootkeep::cli
