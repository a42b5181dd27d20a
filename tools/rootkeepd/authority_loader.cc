#include "tools/rootkeepd/authority_loader.h"

#include <fmt/format.h>

#include "keystore/base/file.h"
#include "signer/authority/authority_files.h"
#include "tools/config/key_uri.h"

namespace rootkeep {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;
constexpr std::chrono::seconds kOpenDeadline{2};

// What the configuration names takes the place of what the state directory holds.
Result<AuthorityFiles> FilesOf(const config::Authority& config, const AuthorityTerms& terms) {
  AuthorityFiles files{.key_uri = config.key};
  if (config.chain_file.empty() || config.key.empty()) {
    RK_TRY(const std::uint32_t generation, NewestGeneration(terms.state_directory, config.name));
    RK_TRY(files, ReadAuthorityFiles(terms.state_directory, config.name, generation));
    if (!config.key.empty()) files.key_uri = config.key;
  }
  if (!config.chain_file.empty()) {
    RK_TRY(files.chain_pem, ReadFile(config.chain_file, kMaxFile));
    RK_TRY(files.bundle_pem, ReadFile(config.bundle_file, kMaxFile));
  }
  return files;
}

Result<std::string> ReadExtra(const std::string& path) {
  if (path.empty()) return std::string();
  return ReadFile(path, kMaxFile);
}

Result<std::shared_ptr<const Signer>> OpenKey(const config::Authority& config, const AuthorityTerms& terms,
                                              KeyStore& token, const KeyWatch& keys, const std::string& key_uri) {
  RK_TRY(const KeyUri uri, config::ParseKeyUriOf(config, key_uri));
  RK_TRY(auto signer, token.Open(uri, After(kOpenDeadline)));
  RK_RETURN_IF_ERROR(CheckCustody(signer->info(), KeyUse::kRootkeepCa, config.custody, terms.production));
  RK_RETURN_IF_ERROR(keys.Check(signer->info()));
  return signer;
}

Result<std::shared_ptr<const Authority>> Load(const config::Authority& config, const AuthorityTerms& terms,
                                              KeyStore& token, const KeyWatch& keys, WallTime now) {
  RK_TRY(AuthorityFiles files, FilesOf(config, terms));
  RK_TRY(const std::string extra_chain, ReadExtra(config.extra_chain_file));
  RK_TRY(const std::string extra_anchors, ReadExtra(config.extra_anchors_file));
  RK_TRY(const std::string client_anchors, ReadExtra(config.client_anchors_file));
  RK_TRY(auto signer, OpenKey(config, terms, token, keys, files.key_uri));
  return Authority::Make({.name = config.name,
                          .trust_domain = config.trust_domain,
                          .signer = std::move(signer),
                          .chain_pem = files.chain_pem + extra_chain,
                          .trust_bundle_pem = files.bundle_pem,
                          // An extra anchor is for workloads to trust each other by. Its CA must not be able to make
                          // itself a caller of this one.
                          .extra_anchors_pem = extra_anchors,
                          .client_anchors_pem = client_anchors,
                          .workload_profile = WorkloadProfile(config.lifetimes)},
                         now);
}

}  // namespace

Result<std::shared_ptr<const Authority>> LoadAuthority(const config::Authority& config, const AuthorityTerms& terms,
                                                       KeyStore& token, const KeyWatch& keys, WallTime now) {
  auto authority = Load(config, terms, token, keys, now);
  if (!authority.ok()) return std::move(authority).error().Within(fmt::format("load authority {}", config.name));
  return authority;
}

bool MayPass(const Error& error) {
  // A latched PIN waits for an operator, and a missing key for whoever took it away; neither is cured by a restart.
  return error.retryable() || error.reason() == "pin_latched" || error.reason() == "key_not_found";
}

}  // namespace rootkeep
