#include "signer/bundle/served_authorities.h"

#include <algorithm>
#include <utility>

#include "signer/bundle/root_certificate.h"
#include "signer/bundle/signing_authority.h"

namespace rootkeep {
namespace {

using Domains = std::map<std::string, AuthoritySet::List>;

Domains ByTrustDomain(const AuthoritySet::List& loaded) {
  Domains domains;
  for (const auto& authority : loaded) domains[authority->trust_domain()].push_back(authority);
  return domains;
}

// What is there already stays, but that it vouches for clients if one of the two does.
void Merge(std::vector<BundleRoot>& roots, std::vector<BundleRoot> more, bool vouches_for_clients) {
  for (BundleRoot& root : more) {
    const auto found = std::ranges::find(roots, root.fingerprint, &BundleRoot::fingerprint);
    if (found != roots.end()) {
      found->vouches_for_clients = found->vouches_for_clients || vouches_for_clients;
      continue;
    }
    root.vouches_for_clients = vouches_for_clients;
    roots.push_back(std::move(root));
  }
}

Status MergeFiles(std::vector<BundleRoot>& roots, const Authority& authority) {
  RK_TRY(auto own, ReadRoots(authority.parts().trust_bundle_pem));
  Merge(roots, std::move(own), true);
  if (authority.parts().extra_anchors_pem.empty()) return Ok();
  RK_TRY(auto extra, ReadRoots(authority.parts().extra_anchors_pem));
  Merge(roots, std::move(extra), false);
  return Ok();
}

// Those that vouch for clients.
std::string VouchersPem(std::vector<BundleRoot> roots) {
  std::erase_if(roots, [](const BundleRoot& root) { return !root.vouches_for_clients; });
  return RootsPem(roots);
}

}  // namespace

Status ServedAuthorities::Use(AuthoritySet::List loaded, Defaults defaults) {
  RK_TRY(const auto seeds, SeedsOf(loaded));
  RK_RETURN_IF_ERROR(bundles_.Seed(seeds));
  Watch(loaded);
  {
    const MutexLock lock(mutex_);
    defaults_ = std::move(defaults);
  }
  Keep(std::move(loaded));
  return Ok();
}

void ServedAuthorities::Keep(AuthoritySet::List kept) {
  {
    const MutexLock lock(mutex_);
    loaded_ = std::move(kept);
  }
  Serve();
}

Result<std::vector<BundleSeed>> ServedAuthorities::SeedsOf(const AuthoritySet::List& loaded) const {
  std::vector<BundleSeed> seeds;
  const WallTime now = clock_.Now();
  for (const auto& [trust_domain, authorities] : ByTrustDomain(loaded)) {
    BundleSeed seed{.trust_domain = trust_domain, .roots = {}, .issuers = {}};
    for (const auto& authority : authorities) RK_RETURN_IF_ERROR(MergeFiles(seed.roots, *authority));
    std::vector<BundleRoot> known = seed.roots;
    if (const BundlePtr bundle = bundles_.Current(trust_domain)) Merge(known, bundle->roots, false);
    for (const auto& authority : authorities) {
      BundleSeed::Issuer issuer{.certificate = authority->certificate_fingerprint(), .roots = {}};
      for (const BundleRoot& root : known) {
        if (ChainsTo(*authority, root, now)) issuer.roots.push_back(root.fingerprint);
      }
      seed.issuers.push_back(std::move(issuer));
    }
    seeds.push_back(std::move(seed));
  }
  return seeds;
}

void ServedAuthorities::Watch(const AuthoritySet::List& loaded) {
  for (const auto& [trust_domain, authorities] : ByTrustDomain(loaded)) {
    auto& watch = watches_[trust_domain];
    if (watch == nullptr) watch = bundles_.Watch(trust_domain, [this](const BundlePtr&) { Serve(); });
  }
}

void ServedAuthorities::Serve() {
  const MutexLock lock(mutex_);
  struct Domain {
    std::string roots;
    std::shared_ptr<const Authority> signing;
  };
  std::map<std::string, Domain> domains;
  std::string client_roots;
  unsigned_.clear();
  for (const auto& [trust_domain, authorities] : ByTrustDomain(loaded_)) {
    const BundlePtr bundle = bundles_.Current(trust_domain);
    auto chosen = ChooseSigning(*bundle, authorities, defaults_[trust_domain], clock_.Now());
    if (!chosen.ok()) unsigned_[trust_domain] = chosen.error().ToString();
    domains[trust_domain] = {RootsPem(bundle->roots), chosen.ok() ? *chosen : nullptr};
    client_roots += VouchersPem(bundle->roots);
  }
  AuthoritySet::List all;
  AuthoritySet::List signing;
  for (const auto& authority : loaded_) {
    const Domain& domain = domains[authority->trust_domain()];
    all.push_back(authority->WithTrustBundle(domain.roots));
    if (domain.signing == authority) signing.push_back(all.back());
    client_roots += authority->parts().client_anchors_pem;
  }
  client_roots_ = std::make_shared<const std::string>(std::move(client_roots));
  served_.Replace(std::move(all), std::move(signing));
}

AuthoritySet::List ServedAuthorities::loaded() const {
  const MutexLock lock(mutex_);
  return loaded_;
}

std::shared_ptr<const Authority> ServedAuthorities::Find(std::string_view name) const {
  const MutexLock lock(mutex_);
  const auto found = std::ranges::find(loaded_, name, [](const auto& one) { return one->name(); });
  return found == loaded_.end() ? nullptr : *found;
}

std::map<std::string, std::string> ServedAuthorities::Unsigned() const {
  const MutexLock lock(mutex_);
  return unsigned_;
}

std::shared_ptr<const std::string> ServedAuthorities::ClientRoots() const {
  const MutexLock lock(mutex_);
  return client_roots_;
}

std::vector<std::string> ServedAuthorities::IssuersUnder(std::string_view trust_domain, const BundleRoot& root) const {
  const WallTime now = clock_.Now();
  std::vector<std::string> issuers;
  for (const auto& authority : loaded()) {
    if (authority->trust_domain() == trust_domain && ChainsTo(*authority, root, now)) {
      issuers.push_back(authority->certificate_fingerprint());
    }
  }
  return issuers;
}

}  // namespace rootkeep
