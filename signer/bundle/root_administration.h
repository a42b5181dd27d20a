// What operators do to the roots of a trust bundle, in the order add, activate, taint, remove.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/bundle/acts_on_record.h"
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

  using Act = AdministrativeAct;

  // `bundles`, `clock` and what `issuers_under` uses outlive this.
  RootAdministration(TrustBundles& bundles, IssuersUnder issuers_under, const Clock& clock)
      : bundles_(bundles), issuers_under_(std::move(issuers_under)), clock_(clock) {}

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
  // `force`d, which needs a reason (INVALID_ARGUMENT with reason "act_reason").
  Result<BundlePtr> Remove(const Act& act, std::string_view name, bool force);

  // Notes an act that was refused before it came here; the error is given back.
  Error Refused(const Act& act, std::string_view what, std::string_view subject, Error error) {
    return acts_.Settle(act, what, subject, std::move(error)).error();
  }

 private:
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

  Status AddTo(store::Database& database, const TrustBundle& bundle, const BundleRoot& root) const;
  Result<bool> ActivateIn(Doing& doing) const;
  Result<bool> RemoveFrom(Doing& doing, bool force) const;
  Status PutState(const Doing& doing, RootState state) const;
  Status NoteIssuers(store::Database& database, std::string_view trust_domain, const BundleRoot& root) const;

  TrustBundles& bundles_;
  const IssuersUnder issuers_under_;
  const Clock& clock_;
  const ActsOnRecord acts_{bundles_, clock_};
};

}  // namespace rootkeep
