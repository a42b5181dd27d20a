// What operators do to a trust bundle, or are refused, as the history and the log have it. Internal to this folder but
// for AdministrativeAct.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/bundle/trust_bundles.h"
#include "signer/store/database.h"

namespace rootkeep {

// Who does something, and why.
struct AdministrativeAct {
  std::string trust_domain;
  std::string by;      // as the record of certificates names the caller
  std::string reason;  // in the caller's words, at most kMaxReason octets; may be empty but where it is said

  static constexpr std::size_t kMaxReason = 1024;
};

// INVALID_ARGUMENT with reason "act_reason" when the act's reason is too long, or `needed` and not there.
Status CheckReason(const AdministrativeAct& act, bool needed);

// Thread-safe.
class ActsOnRecord {
 public:
  // Both outlive this.
  ActsOnRecord(TrustBundles& bundles, const Clock& clock) : bundles_(bundles), clock_(clock) {}

  // Notes what is done, in the transaction that does it. `what` as BundleEvent::act.
  Status Note(store::Database& database, const AdministrativeAct& act, std::string_view what, std::string_view subject,
              std::string detail) const;
  // Logs what was done, notes what was refused; gives `result` back.
  Result<BundlePtr> Settle(const AdministrativeAct& act, std::string_view what, std::string_view subject,
                           Result<BundlePtr> result) const;

 private:
  TrustBundles& bundles_;
  const Clock& clock_;
};

}  // namespace rootkeep
