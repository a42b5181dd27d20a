// The trust bundles of all trust domains: durable, and one for every front door.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "keystore/base/snapshot.h"
#include "signer/bundle/bundle_event.h"
#include "signer/bundle/bundle_watchers.h"
#include "signer/bundle/trust_bundle.h"
#include "signer/node/rate_limit.h"
#include "signer/store/database.h"

namespace rootkeep {

// What the files of a trust domain's authorities say about whom to trust.
struct BundleSeed {
  struct Issuer {
    std::string certificate;         // SHA-256, lower-case hexadecimal, as in the ledger
    std::vector<std::string> roots;  // fingerprints of those that it chains to
  };
  std::string trust_domain;
  std::vector<BundleRoot> roots;
  std::vector<Issuer> issuers;
};

// Thread-safe: changes one at a time, each a transaction with its line in the history, while readers go on with the
// bundle before it. Only one process may change a database's bundles: the others' would go unseen. Errors of the
// database as store::Database, and then nothing has changed.
class TrustBundles {
 public:
  static constexpr std::string_view kService = "service";  // who changed what no caller did
  static constexpr RateRule kRate{.per_minute = 12, .burst = 64};

  // The schema must be there: the daemon's ledger has brought it. `clock` outlives the result.
  static Result<std::unique_ptr<TrustBundles>> Open(const std::string& database_path, const Clock& clock);

  // An immutable snapshot; null when nothing is on record for this trust domain. Reads no database.
  [[nodiscard]] BundlePtr Current(std::string_view trust_domain) const;

  // Calls `changed` with the present bundle at once, if there is one, and with each after it, on the changing thread.
  [[nodiscard]] std::unique_ptr<BundleWatch> Watch(std::string trust_domain, BundleWatchers::Changed changed);

  // The bundle with the key, durable. The same key under the same id again changes nothing, whatever is said of its
  // expiry. NOT_FOUND with reason "trust_domain" when nothing is on record for it, RESOURCE_EXHAUSTED with reason
  // "rate" beyond kRate for one publisher, because each call costs the disk; otherwise as CheckJwtKey, CheckNotRemoved
  // and IsPublished.
  Result<BundlePtr> PublishJwtKey(std::string_view trust_domain, const JwtKey& key, std::string_view by);

  // Takes JWT keys that have expired out of all bundles. Without one, reads no database.
  Status DropExpired();

  // Adds the roots that are not on record, removed ones included, and notes which issuers chain to which: all seeds in
  // one transaction. A root on record stays as it is, but that it vouches for clients from now on if a seed says so.
  // FAILED_PRECONDITION with reason "root_key_id" as CheckDistinct, and "bundle_empty" when every root was removed;
  // RESOURCE_EXHAUSTED with reason "roots" beyond kMostRoots.
  Status Seed(const std::vector<BundleSeed>& seeds);

  // Every root on record.
  Result<std::vector<RootRecord>> Roots(std::string_view trust_domain);
  // Every JWT key on record, removed ones too.
  Result<std::vector<JwtKeyRecord>> JwtKeys(std::string_view trust_domain);
  // Newest first.
  Result<std::vector<BundleEvent>> History(std::string_view trust_domain, std::size_t limit);
  // Notes what was refused, or was done elsewhere; beyond kRate for one caller nothing, because the log has it.
  Status Record(const BundleEvent& event);

  // For this folder: changes rows within a transaction, and says in the bundle, which holds the state before, which
  // root is active. False: nothing changed that a reader would see. An error, or a bundle without roots, undoes it.
  using Work = std::function<Result<bool>(store::Database& database, TrustBundle& bundle)>;
  Result<BundlePtr> Change(std::string_view trust_domain, const Work& work);

 private:
  static constexpr std::size_t kMostCallers = 1024;  // whose rates are remembered
  using Bundles = std::map<std::string, BundlePtr, std::less<>>;

  TrustBundles(std::unique_ptr<store::Database> database, std::shared_ptr<const Bundles> bundles, const Clock& clock)
      : clock_(clock), database_(std::move(database)), bundles_(std::move(bundles)) {}

  // Shows it to readers and tells those who watch.
  BundlePtr Publish(TrustBundle bundle) RK_REQUIRES(mutex_);

  const Clock& clock_;
  Mutex mutex_;
  std::unique_ptr<store::Database> database_ RK_GUARDED_BY(mutex_);
  Snapshot<Bundles> bundles_;
  RateLimit publications_{kRate, kMostCallers};
  RateLimit records_{kRate, kMostCallers};
  BundleWatchers watchers_;
};

}  // namespace rootkeep
