#include "tools/rootkeep/doctor/check_config.h"

#include <fmt/format.h>

#include <map>

#include "keystore/base/file.h"
#include "keystore/catalog/permission.h"
#include "keystore/catalog/sweep.h"
#include "keystore/pkcs11/uri.h"
#include "signer/authority/authority.h"
#include "signer/authority/authority_files.h"
#include "signer/store/state_dir.h"
#include "tools/config/load.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/doctor/check_token.h"
#include "tools/rootkeep/token_config.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kMaxFile = 1024 * 1024;
constexpr const char* kCertificates = "certificates";

constexpr const char* kCatalogue = "catalogue";

using Tokens = std::map<std::string, std::optional<OpenToken>>;
using Rows = std::optional<std::vector<CatalogEntry>>;

// As the daemon reads them: what the configuration names takes the place of what the state directory holds.
Result<AuthorityFiles> FilesOf(const config::Config& config, const config::Authority& authority) {
  AuthorityFiles files{.key_uri = authority.key};
  if (authority.chain_file.empty() || authority.key.empty()) {
    RK_TRY(const std::uint32_t generation, NewestGeneration(config.state_directory, authority.name));
    RK_TRY(files, ReadAuthorityFiles(config.state_directory, authority.name, generation));
    if (!authority.key.empty()) files.key_uri = authority.key;
  }
  if (!authority.chain_file.empty()) {
    RK_TRY(files.chain_pem, ReadFile(authority.chain_file, kMaxFile));
    RK_TRY(files.bundle_pem, ReadFile(authority.bundle_file, kMaxFile));
  }
  return files;
}

Result<std::shared_ptr<const Signer>> OpenKey(KeyStore& store, const std::string& key_uri) {
  RK_TRY(const KeyUri uri, pkcs11::ParseUri(key_uri));
  return store.Open(uri, After(kTokenDeadline));
}

// Key, chain and bundle against each other.
Result<std::string> CheckCertificates(const config::Authority& authority, const AuthorityFiles& files,
                                      std::shared_ptr<const Signer> signer) {
  const WallTime now = std::chrono::system_clock::now();
  RK_TRY(const auto made, Authority::Make({.name = authority.name,
                                           .trust_domain = authority.trust_domain,
                                           .signer = std::move(signer),
                                           .chain_pem = files.chain_pem,
                                           .trust_bundle_pem = files.bundle_pem,
                                           .workload_profile = WorkloadProfile(authority.lifetimes)},
                                          now));
  if (made->chain_not_after() <= now + authority.lifetimes.min_ttl) {
    return FailedPrecondition(fmt::format("they end {}: too soon to issue", ToRfc3339(made->chain_not_after())))
        .WithHint("make the next generation: rootkeep ca init or ca request");
  }
  return fmt::format("issuing until {}", ToRfc3339(made->chain_not_after()));
}

// As the daemon asks it; nothing where there is no catalogue, or no row.
std::optional<Status> CheckPermission(Checkup& checkup, const std::string& name, const Rows& rows, const KeyInfo& key) {
  if (!rows) return std::nullopt;
  Status permitted = CheckPermitted(*rows, key, {.use = KeyUse::kRootkeepCa, .user = kUserDaemon});
  if (permitted.ok() || permitted.error().reason() != "key_uncatalogued") return permitted;
  checkup.Warn(kCatalogue, name, Error(permitted.error()).ToString());
  return std::nullopt;
}

// The token's keys and the catalogue's rows against each other; changes neither.
Status CompareKeys(const std::vector<CatalogEntry>& rows, const config::Token& token, KeyStore& store) {
  RK_TRY(const std::vector<KeyInfo> keys, store.List(After(kTokenDeadline)));
  std::string odd;
  for (const Compared& row : Compare(rows, keys, {.label = token.label, .serial = token.serial})) {
    // Keys without a row are nobody's fault: a token may serve others too.
    if (!row.entry || row.finding == rootkeep::Finding::kAsCatalogued) continue;
    odd += fmt::format("{}{}: {}", odd.empty() ? "" : "; ", row.entry->label, rootkeep::FindingText(row.finding));
  }
  if (odd.empty()) return Ok();
  return FailedPrecondition(odd);
}

Rows ReadCatalogue(Checkup& checkup, const store::StateDir& state) {
  const auto catalog = Catalog::Look(state.key_catalog_path());
  if (!catalog.ok() && catalog.error().code() == Code::kNotFound) {
    checkup.Warn(kCatalogue, state.path(), "there is none: rootkeep key adopt begins one with the keys there are");
    return std::nullopt;
  }
  const auto rows = catalog.ok() ? (*catalog)->List() : Result<std::vector<CatalogEntry>>(catalog.error());
  if (!rows.ok()) {
    checkup.Step(kCatalogue, state.path(), rows);
    return std::nullopt;
  }
  return *rows;
}

void CheckAuthority(Checkup& checkup, const config::Config& config, const config::Authority& authority,
                    const std::optional<OpenToken>& token, const Rows& rows) {
  const std::string name = "authority " + authority.name;
  const auto files = FilesOf(config, authority);
  checkup.Step("read files", name, files);
  if (!files.ok() || !token) {
    SkipKey(checkup, name);
    checkup.NotTried(kCertificates, name);
    return;
  }
  const auto signer = OpenKey(*token->store, files->key_uri);
  const auto permitted = signer.ok() ? CheckPermission(checkup, name, rows, (*signer)->info()) : std::nullopt;
  CheckKey(checkup, signer, name, KeyUse::kRootkeepCa, authority.custody, config.production, permitted);
  if (!signer.ok()) return checkup.NotTried(kCertificates, name);
  const auto certificates = CheckCertificates(authority, *files, *signer);
  checkup.Step(kCertificates, name, certificates, certificates.ok() ? *certificates : "");
}

}  // namespace

void CheckConfig(Checkup& checkup, const config::Config& config, const std::string& path) {
  checkup.Step("configuration", path, Ok());
  for (const std::string& warning : config::Warnings(config)) checkup.Warn("configuration", path, warning);
  const auto state = store::StateDir::Look(config.state_directory);
  checkup.Step("state", config.state_directory, state);
  const Rows rows = state.ok() ? ReadCatalogue(checkup, *state) : std::nullopt;
  pkcs11::ModuleRegistry modules(state.ok() ? store::PinDirectory(config.state_directory) : "");
  Tokens tokens;
  for (const config::Token& token : config.tokens) {
    const auto place = TokenFromConfig(config, token.name);
    const std::string name = "token " + token.name;
    if (!place.ok()) {
      checkup.Step("open module", name, place);
      continue;
    }
    auto& opened = tokens[token.name] = CheckToken(checkup, modules, name, *place);
    if (opened && rows) checkup.Step(kCatalogue, name, CompareKeys(*rows, token, *opened->store));
  }
  for (const config::Authority& authority : config.authorities) {
    CheckAuthority(checkup, config, authority, tokens[authority.token], rows);
  }
}

}  // namespace rootkeep::cli
