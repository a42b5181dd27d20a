#include "signer/bundle/trust_bundles.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "keystore/base/log.h"
#include "signer/bundle/bundle_rows.h"
#include "signer/bundle/jwt_key.h"
#include "signer/bundle/root_certificate.h"
#include "signer/store/execute.h"
#include "signer/store/schema.h"

namespace rootkeep {
namespace {

using store::Database;

// The bundle after the changes to its rows.
Result<TrustBundle> Advance(Database& database, TrustBundle bundle) {
  ++bundle.sequence;
  RK_RETURN_IF_ERROR(bundle_rows::PutBundle(database, bundle));
  RK_TRY(TrustBundle after, bundle_rows::SelectBundle(database, bundle.trust_domain));
  if (!after.roots.empty()) return after;
  return FailedPrecondition("no root of " + after.trust_domain + " would be left")
      .WithReason("bundle_empty")
      .WithHint("rootkeep root add adds one first");
}

// Whether the bundle changed.
Result<bool> SeedRoot(Database& database, TrustBundle& bundle, const std::vector<RootRecord>& records,
                      const BundleRoot& root, std::int64_t now) {
  const auto found = std::ranges::find_if(
      records, [&](const RootRecord& record) { return record.root.fingerprint == root.fingerprint; });
  if (found != records.end()) {
    if (found->state == RootState::kRemoved || found->root.vouches_for_clients || !root.vouches_for_clients) {
      return false;
    }
    RootRecord vouching = *found;
    vouching.root.vouches_for_clients = true;
    RK_RETURN_IF_ERROR(bundle_rows::UpdateRoot(database, bundle.trust_domain, vouching));
    return true;
  }
  RK_RETURN_IF_ERROR(CheckDistinct(root, bundle.roots));
  if (bundle.roots.size() >= kMostRoots) {
    return ResourceExhausted(fmt::format("{} has {} roots already", bundle.trust_domain, kMostRoots))
        .WithReason("roots");
  }
  RK_RETURN_IF_ERROR(
      bundle_rows::InsertRoot(database, bundle.trust_domain, {.root = root, .added_at = now, .state_since = now}));
  RK_RETURN_IF_ERROR(bundle_rows::InsertEvent(database, {.at = now,
                                                         .trust_domain = bundle.trust_domain,
                                                         .act = "root seeded",
                                                         .subject = root.fingerprint,
                                                         .by = std::string(TrustBundles::kService)}));
  bundle.roots.push_back(root);
  return true;
}

// The bundle, if it changed.
Result<std::optional<TrustBundle>> SeedOne(Database& database, const BundleSeed& seed, std::int64_t now) {
  RK_TRY(TrustBundle bundle, bundle_rows::SelectBundle(database, seed.trust_domain));
  RK_TRY(const auto records, bundle_rows::SelectRoots(database, seed.trust_domain));
  bool changed = false;
  for (const BundleRoot& root : seed.roots) {
    RK_TRY(const bool seeded, SeedRoot(database, bundle, records, root, now));
    changed = changed || seeded;
  }
  for (const BundleSeed::Issuer& issuer : seed.issuers) {
    for (const std::string& root : issuer.roots) {
      RK_RETURN_IF_ERROR(bundle_rows::InsertIssuer(database, seed.trust_domain, issuer.certificate, root));
    }
  }
  if (!changed && !bundle.roots.empty()) return std::optional<TrustBundle>();
  RK_TRY(TrustBundle after, Advance(database, std::move(bundle)));
  return std::optional(std::move(after));
}

}  // namespace

Result<std::unique_ptr<TrustBundles>> TrustBundles::Open(const std::string& database_path, const Clock& clock) {
  RK_TRY(auto database, Database::Open({.path = database_path}));
  RK_RETURN_IF_ERROR(store::CheckSchema(*database));
  RK_TRY(auto recorded, bundle_rows::SelectBundles(*database));
  auto bundles = std::make_shared<Bundles>();
  for (auto& [name, bundle] : recorded) (*bundles)[name] = std::make_shared<TrustBundle>(std::move(bundle));
  auto opened = std::unique_ptr<TrustBundles>(new TrustBundles(std::move(database), std::move(bundles), clock));
  RK_RETURN_IF_ERROR(opened->DropExpired());
  return opened;
}

BundlePtr TrustBundles::Current(std::string_view trust_domain) const {
  const auto bundles = bundles_.Get();
  const auto found = bundles->find(trust_domain);
  return found == bundles->end() ? nullptr : found->second;
}

std::unique_ptr<BundleWatch> TrustBundles::Watch(std::string trust_domain, BundleWatchers::Changed changed) {
  const std::string name = trust_domain;
  return watchers_.Add(std::move(trust_domain), std::move(changed), [&] { return Current(name); });
}

Result<BundlePtr> TrustBundles::PublishJwtKey(std::string_view trust_domain, const JwtKey& key, std::string_view by) {
  const WallTime now = clock_.Now();
  RK_RETURN_IF_ERROR(CheckJwtKey(key, now));
  RK_RETURN_IF_ERROR(publications_.Take(by, std::chrono::steady_clock::now()));
  const std::int64_t at = ToUnixSeconds(now);
  return Change(trust_domain, [&](Database& database, TrustBundle& bundle) -> Result<bool> {
    RK_TRY(const std::int64_t expired, bundle_rows::DeleteExpiredJwtKeys(database, trust_domain, at));
    std::erase_if(bundle.jwt_keys, [&](const JwtKey& present) { return IsExpired(present, at); });
    RK_TRY(const auto records, bundle_rows::SelectJwtKeys(database, trust_domain));
    RK_RETURN_IF_ERROR(CheckNotRemoved(key, records));
    RK_TRY(const std::size_t of_publisher, bundle_rows::CountJwtKeys(database, trust_domain, by));
    RK_TRY(const bool published, IsPublished(key, bundle.jwt_keys, of_publisher));
    if (published) return expired > 0;
    RK_RETURN_IF_ERROR(bundle_rows::InsertJwtKey(database, trust_domain,
                                                 {.key = key, .published_at = at, .published_by = std::string(by)}));
    RK_RETURN_IF_ERROR(bundle_rows::InsertEvent(database, {.at = at,
                                                           .trust_domain = std::string(trust_domain),
                                                           .act = "jwt key published",
                                                           .subject = key.key_id,
                                                           .by = std::string(by)}));
    return true;
  });
}

Status TrustBundles::DropExpired() {
  const std::int64_t now = ToUnixSeconds(clock_.Now());
  const auto bundles = bundles_.Get();
  for (const auto& [name, bundle] : *bundles) {
    if (std::ranges::none_of(bundle->jwt_keys, [&](const JwtKey& key) { return IsExpired(key, now); })) continue;
    RK_RETURN_IF_ERROR(Change(name, [&](Database& database, TrustBundle&) -> Result<bool> {
      RK_TRY(const std::int64_t dropped, bundle_rows::DeleteExpiredJwtKeys(database, name, now));
      return dropped > 0;
    }));
  }
  return Ok();
}

Status TrustBundles::Seed(const std::vector<BundleSeed>& seeds) {
  const std::int64_t now = ToUnixSeconds(clock_.Now());
  const MutexLock lock(mutex_);
  RK_TRY(auto changed, store::Transact(*database_, [&](Database& database) -> Result<std::vector<TrustBundle>> {
           std::vector<TrustBundle> bundles;
           for (const BundleSeed& seed : seeds) {
             RK_TRY(auto bundle, SeedOne(database, seed, now));
             if (bundle) bundles.push_back(*std::move(bundle));
           }
           return bundles;
         }));
  for (TrustBundle& bundle : changed) Publish(std::move(bundle));
  return Ok();
}

Result<std::vector<RootRecord>> TrustBundles::Roots(std::string_view trust_domain) {
  const MutexLock lock(mutex_);
  return bundle_rows::SelectRoots(*database_, trust_domain);
}

Result<std::vector<JwtKeyRecord>> TrustBundles::JwtKeys(std::string_view trust_domain) {
  const MutexLock lock(mutex_);
  return bundle_rows::SelectJwtKeys(*database_, trust_domain);
}

Result<std::vector<BundleEvent>> TrustBundles::History(std::string_view trust_domain, std::size_t limit) {
  const MutexLock lock(mutex_);
  return bundle_rows::SelectEvents(*database_, trust_domain, limit);
}

Status TrustBundles::Record(const BundleEvent& event) {
  if (!records_.Take(event.by, std::chrono::steady_clock::now()).ok()) return Ok();
  const MutexLock lock(mutex_);
  return bundle_rows::InsertEvent(*database_, event);
}

Result<BundlePtr> TrustBundles::Change(std::string_view trust_domain, const Work& work) {
  const MutexLock lock(mutex_);
  bool changed = false;
  RK_TRY(TrustBundle after, store::Transact(*database_, [&](Database& database) -> Result<TrustBundle> {
           RK_TRY(TrustBundle bundle, bundle_rows::SelectBundle(database, trust_domain));
           if (bundle.roots.empty()) {
             return NotFound(fmt::format("nothing is on record for trust domain {}", trust_domain))
                 .WithReason("trust_domain");
           }
           RK_TRY(changed, work(database, bundle));
           if (!changed) return bundle;
           return Advance(database, std::move(bundle));
         }));
  return changed ? Publish(std::move(after)) : Current(trust_domain);
}

BundlePtr TrustBundles::Publish(TrustBundle bundle) {
  const auto present = std::make_shared<const TrustBundle>(std::move(bundle));
  auto next = std::make_shared<Bundles>(*bundles_.Get());
  (*next)[present->trust_domain] = present;
  watchers_.Tell(present, [&] { bundles_.Set(std::move(next)); });
  log::Info("trust_bundle_changed", {{"trust_domain", present->trust_domain},
                                     {"sequence", std::to_string(present->sequence)},
                                     {"roots", present->roots.size()},
                                     {"jwt_keys", present->jwt_keys.size()}});
  return present;
}

}  // namespace rootkeep
