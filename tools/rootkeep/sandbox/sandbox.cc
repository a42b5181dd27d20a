#include "tools/rootkeep/sandbox/sandbox.h"

#include <fmt/format.h>

#include "keystore/base/file.h"
#include "keystore/catalog/adopt.h"
#include "keystore/catalog/catalogued_store.h"
#include "keystore/catalog/permission.h"
#include "signer/authority/authority_files.h"
#include "signer/store/state_dir.h"
#include "tools/rootkeep/deadlines.h"

namespace rootkeep::cli {
namespace {

constexpr std::chrono::seconds kStartDeadline{30};
constexpr std::uint32_t kGeneration = 1;
constexpr char kRootKey[] = "rk/rootkeep-ca/sandbox-root/1";  // as MakeRoot names it

}  // namespace

Result<std::unique_ptr<Sandbox>> Sandbox::Make(Options options, const Narrator& say) {
  const SandboxFiles files(options.directory);
  RK_RETURN_IF_ERROR(files.MakeDirectories());
  // Before anything is rewritten: a rootkeepd that somebody started by hand may be running on these files.
  RK_TRY(const store::StateDir state, store::StateDir::Open(files.state()));
  RK_TRY(SoftToken token, SoftToken::OpenOrMake(options.directory, options.module_path));
  say(fmt::format("{} SoftHSM token \"{}\" (a token for tests: its keys are files)",
                  token.made() ? "made the" : "found the", SoftToken::kLabel));
  RK_TRY(TestIssuer issuer, TestIssuer::OpenOrMake(files.issuer_key()));
  std::unique_ptr<Sandbox> sandbox(new Sandbox(std::move(options), std::move(token), std::move(issuer)));
  RK_RETURN_IF_ERROR(sandbox->PrepareCa(state.key_catalog_path(), say));
  RK_RETURN_IF_ERROR(sandbox->WriteFiles());
  return sandbox;
}

Status Sandbox::PrepareCa(const std::string& catalog_path, const Narrator& say) {
  const SystemClock clock;
  RK_TRY(const OpenToken opened, OpenTokenAt(token_.place()));
  RK_TRY(const std::shared_ptr<Catalog> catalog, Catalog::Open(catalog_path));
  auto installed = ReadAuthorityFiles(files_.state(), kSandboxAuthority, kGeneration);
  if (!installed.ok() && installed.error().code() != Code::kNotFound) return installed.error();
  if (installed.ok()) {
    root_pem_ = installed->bundle_pem;
    say("found the CA that was made here before");
  } else {
    const CaPlan plan{.name = kSandboxAuthority,
                      .generation = kGeneration,
                      .trust_domain = kSandboxTrustDomain,
                      .use_existing_keys = !token_.made(),
                      .path_length = 1};  // SPIRE's CA stands below
    const TokenName name{.label = SoftToken::kLabel, .serial = ""};
    CataloguedStore issuing(opened.store, catalog, name, clock, {std::string(kUserDaemon)});
    CataloguedStore root(opened.store, catalog, name, clock, {std::string(kUserOperator)}, std::string(kUserOperator));
    RK_TRY(const InitialisedCa made, InitCa(issuing, root, plan, "", files_.state(), say));
    root_pem_ = made.bundle_pem;
  }
  RK_TRY(keys_, opened.store->List(After(kTokenDeadline)));
  // A sandbox from before the catalogue.
  for (const KeyInfo& key : keys_) {
    const bool issuing = installed.ok() && key.uri.Redacted() == installed->key_uri;
    const bool root = key.label == kRootKey;
    if (!issuing && !root) continue;
    const std::string user(issuing ? kUserDaemon : kUserOperator);
    RK_RETURN_IF_ERROR(AdoptUnlessKnown(*catalog, key, CustodyLevel::kLocalOnly, {user}, clock.Now()));
  }
  return Ok();
}

Status Sandbox::WriteFiles() const {
  RK_RETURN_IF_ERROR(WriteFileAtomically(files_.root_certificate(), root_pem_, 0644));
  RK_TRY(const std::string jwks, issuer_.Jwks());
  RK_RETURN_IF_ERROR(WriteFileAtomically(files_.jwks(), jwks, 0644));
  RK_RETURN_IF_ERROR(WriteFileAtomically(
      files_.placements(), fmt::format("{} {} {}\n", TestIssuer::kCluster, kSandboxNode, kSandboxIdentity), 0644));
  return WriteFileAtomically(files_.config(), SandboxConfig(files_, token_, options_.port), 0600);
}

Status Sandbox::Start(const Narrator& say) {
  const Deadline deadline = After(kStartDeadline);
  RK_TRY(daemon_, RunningDaemon::Start(options_.daemon_binary, files_.config(), files_.log(), deadline));
  RK_RETURN_IF_ERROR(daemon_->WaitServing(deadline));
  say(fmt::format("rootkeepd serves on {} (process {})", daemon_->address(), daemon_->child().pid()));
  return Ok();
}

Result<SecretBytes> Sandbox::MintToken() const {
  return issuer_.Mint({.ns = kSandboxNamespace, .service_account = kSandboxServiceAccount, .node = kSandboxNode},
                      std::chrono::system_clock::now(), kSandboxTokenLifetime);
}

Status Sandbox::WriteTokens() const {
  RK_TRY(const SecretBytes workload, MintToken());
  RK_RETURN_IF_ERROR(WriteFileAtomically(files_.workload_token(), AsText(workload.RevealForUse()), 0600));
  RK_TRY(const SecretBytes ztunnel,
         issuer_.Mint({.ns = "istio-system", .service_account = "ztunnel", .node = kSandboxNode},
                      std::chrono::system_clock::now(), kSandboxTokenLifetime));
  return WriteFileAtomically(files_.ztunnel_token(), AsText(ztunnel.RevealForUse()), 0600);
}

Result<IstioClientOptions> Sandbox::ClientOptions(SecretBytes token) const {
  IstioClientOptions options;
  options.channel.address = daemon_->address();
  options.channel.root_pem = root_pem_;
  options.channel.server_name = "istiod.istio-system.svc";
  options.bearer_token = std::move(token);
  options.cluster_id = TestIssuer::kCluster;
  return options;
}

}  // namespace rootkeep::cli
