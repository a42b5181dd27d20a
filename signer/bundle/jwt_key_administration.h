// What operators do to the JWT keys of a trust bundle, whoever published them.
#pragma once

#include <string_view>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/bundle/acts_on_record.h"
#include "signer/bundle/trust_bundles.h"

namespace rootkeep {

// Thread-safe. Errors of the database as TrustBundles.
class JwtKeyAdministration {
 public:
  // Both outlive this.
  JwtKeyAdministration(TrustBundles& bundles, const Clock& clock) : bundles_(bundles), clock_(clock) {}

  // Every key on record, removed ones too for kLongestJwtKey from their removal.
  Result<std::vector<JwtKeyRecord>> List(std::string_view trust_domain) { return bundles_.JwtKeys(trust_domain); }

  // Clients trust the key no longer, under whichever id it is in the bundle, though it has not expired; neither it nor
  // one of those ids is published again for kLongestJwtKey. Each id has a line in the history. INVALID_ARGUMENT with
  // reason "act_reason" without a reason; NOT_FOUND with reason "jwt_key_unknown" when the bundle has no key with this
  // id.
  Result<BundlePtr> Remove(const AdministrativeAct& act, std::string_view key_id);

  // Notes an act that was refused before it came here; the error is given back.
  Error Refused(const AdministrativeAct& act, std::string_view what, std::string_view subject, Error error) {
    return acts_.Settle(act, what, subject, std::move(error)).error();
  }

 private:
  TrustBundles& bundles_;
  const Clock& clock_;
  const ActsOnRecord acts_{bundles_, clock_};
};

}  // namespace rootkeep
