// What operators do to the roots of a trust bundle, in the order add, activate, taint, remove.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "signer/bundle/outstanding.h"
#include "signer/bundle/trust_bundles.h"
#include "signer/store/database.h"

namespace rootkeep {

// Thread-safe. What is refused is in the history too, with the reason. A root is named by its fingerprint or its key
// identifier (IsNamed): NOT_FOUND with reason "root_unknown" when no root of the bundle has that name. Errors of the
// database as TrustBundles.
class RootAdministration {
 public:
  // Fingerprints of the issuing certificates that are loaded for a trust domain and chain to a root.
  using IssuersUnder = std::function<std::vector<std::string>(std::string_view trust_domain, const BundleRoot& root)>;

  // Who does what, and why.
  struct Act {
    std::string trust_domain;
    std::string by;      // as the record of certificates names the caller
    std::string reason;  // in the caller's words, at most kMaxReason octets; may be empty but for Remove by force
  };
  static constexpr std::size_t kMaxReason = 1024;

  // `bundles`, `clock` and what `issuers_under` uses outlive the result.
  static Result<std::unique_ptr<RootAdministration>> Open(TrustBundles& bundles, const std::string& database_path,
                                                          IssuersUnder issuers_under, const Clock& clock);

  // Every root on record, removed ones too.
  Result<std::vector<RootRecord>> List(std::string_view trust_domain) { return bundles_.Roots(trust_domain); }

  // A certificate (DER) that clients trust from now on and under which nothing is signed yet. Errors of CheckNewRoot,
  // CheckDistinct; ALREADY_EXISTS with reason "root_exists" when the bundle has it; RESOURCE_EXHAUSTED with reason
  // "roots". One that was removed comes back.
  Result<BundlePtr> Add(const Act& act, ByteView certificate);

  // From now on what is issued chains to this root. FAILED_PRECONDITION with reason "root_issuer" when no authority
  // that is loaded chains to it, "root_tainted" when it is tainted.
  Result<BundlePtr> Activate(const Act& act, std::string_view name);

  // Tells clients to replace what was issued below it. FAILED_PRECONDITION with reason "root_active" for the active
  // root, or where no root was activated: then what replaces it would be below it again.
  Result<BundlePtr> Taint(const Act& act, std::string_view name);

  // Clients trust it no longer. FAILED_PRECONDITION with reason "root_active" for the active root, or one below which
  // an authority signs where none was activated, and "root_in_use" while an unexpired certificate depends on it, unless
  // `force`d, which needs a reason (INVALID_ARGUMENT with reason "root_reason").
  Result<BundlePtr> Remove(const Act& act, std::string_view name, bool force);

  // Notes an act that was refused before it came here; the error is given back.
  Error Refused(const Act& act, std::string_view what, std::string_view subject, Error error);

 private:
  RootAdministration(TrustBundles& bundles, std::unique_ptr<store::Database> reader, IssuersUnder issuers_under,
                     const Clock& clock);

  // What is under way within a transaction.
  struct Doing {
    store::Database& database;
    TrustBundle& bundle;
    BundleRoot& root;
    std::string note;  // for the history, before the act's reason
  };
  // Whether anything changed.
  using Work = std::function<Result<bool>(Doing& doing)>;

  // Does `work` to the root of that name.
  Result<BundlePtr> Change(const Act& act, std::string_view what, std::string_view name, const Work& work);
  // Notes what was refused; gives `result` back.
  Result<BundlePtr> Settle(const Act& act, std::string_view what, std::string_view subject, Result<BundlePtr> result);

  Status AddTo(store::Database& database, const TrustBundle& bundle, const BundleRoot& root) const;
  Result<bool> ActivateIn(Doing& doing) const;
  Result<bool> RemoveFrom(Doing& doing, bool force, Outstanding outstanding, std::int64_t read_through) const;
  Status PutState(const Doing& doing, RootState state) const;
  Status NoteIssuers(store::Database& database, std::string_view trust_domain, const BundleRoot& root) const;
  Status Note(store::Database& database, const Act& act, std::string_view what, std::string_view subject,
              std::string detail) const;

  // By the ledger up to and including the entry `read_through`.
  Result<Outstanding> ReadOutstanding(std::string_view trust_domain, std::string_view name, std::int64_t& read_through);

  TrustBundles& bundles_;
  const IssuersUnder issuers_under_;
  const Clock& clock_;
  Mutex mutex_;
  const std::unique_ptr<store::Database> reader_ RK_GUARDED_BY(mutex_);  // so that reading the ledger stops no change
};

}  // namespace rootkeep
