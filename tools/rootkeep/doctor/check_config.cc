#include "tools/rootkeep/doctor/check_config.h"

#include <fmt/format.h>

#include <map>

#include "keystore/base/file.h"
#include "keystore/keysocket/backend/store.h"
#include "signer/authority/authority.h"
#include "signer/authority/authority_files.h"
#include "signer/ledger/last_end.h"
#include "signer/profile/profile.h"
#include "signer/store/schema.h"
#include "signer/store/state_dir.h"
#include "tools/config/key_uri.h"
#include "tools/config/load.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/doctor/check_catalogue.h"
#include "tools/rootkeep/doctor/check_token.h"
#include "tools/rootkeep/token_config.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kMaxFile = 1024 * 1024;
constexpr const char* kCertificates = "certificates";
// What the daemon opens an authority's key for.
constexpr Purpose kDaemons{.use = KeyUse::kRootkeepCa, .user = kUserDaemon};

using Tokens = std::map<std::string, std::optional<OpenToken>>;

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

Result<std::shared_ptr<const Signer>> OpenKey(KeyStore& store, const config::Authority& authority,
                                              const std::string& key_uri) {
  RK_TRY(const KeyUri uri, config::ParseKeyUriOf(authority, key_uri));
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

// As rootkeepd reaches it, but as the user who asks.
std::optional<OpenToken> CheckKeySocket(Checkup& checkup, const config::KeySocketSource& source) {
  OpenToken open{.module = nullptr, .store = keysocket::OpenStore(source.path)};
  const Status answered = open.store->health()->Probe(After(kTokenDeadline));
  if (!checkup.Step("ask agent", "key socket " + source.name, answered, source.path)) return std::nullopt;
  return open;
}

// As the daemon holds what is configured against its record. A database that it has not brought to this version yet
// says nothing.
void CheckForeignCas(Checkup& checkup, const config::Config& config, const store::StateDir& state) {
  if (config::HasForeignCa(config)) return;
  const auto database = store::Database::Open({.path = state.database_path(), .read_only = true});
  if (!database.ok() || !store::CheckSchema(**database).ok()) return;
  const auto last_end = LastEndOfProfile(**database, ProfileName(ProfileKind::kForeignCa));
  if (!last_end.ok() || FromUnixSeconds(*last_end) <= std::chrono::system_clock::now()) return;
  checkup.Warn("foreign CAs", state.database_path(), config::ForeignCasLeft(FromUnixSeconds(*last_end)));
}

void CheckAuthority(Checkup& checkup, const config::Config& config, const config::Authority& authority,
                    const std::optional<OpenToken>& token, const CatalogueRows& rows) {
  const std::string name = "authority " + authority.name;
  const auto files = FilesOf(config, authority);
  checkup.Step("read files", name, files);
  if (!files.ok() || !token) {
    SkipKey(checkup, name);
    checkup.NotTried(kCertificates, name);
    return;
  }
  const auto signer = OpenKey(*token->store, authority, files->key_uri);
  const auto permitted = signer.ok() ? CheckPermission(checkup, name, rows, (*signer)->info(), kDaemons) : std::nullopt;
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
  if (state.ok()) CheckForeignCas(checkup, config, *state);
  const CatalogueRows rows = state.ok() ? ReadCatalogue(checkup, *state) : std::nullopt;
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
    // As the configuration names it.
    if (opened) CheckCatalogue(checkup, rows, name, {.label = token.label, .serial = token.serial}, *opened->store);
  }
  for (const config::KeySocketSource& source : config.key_sockets)
    tokens[source.name] = CheckKeySocket(checkup, source);
  for (const config::Authority& authority : config.authorities) {
    CheckAuthority(checkup, config, authority, tokens[authority.token], rows);
  }
}

}  // namespace rootkeep::cli
