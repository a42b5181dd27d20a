#include "signer/bundle/jwt_key_administration.h"

#include <string>

#include "signer/bundle/bundle_rows.h"
#include "signer/bundle/jwt_key.h"

namespace rootkeep {

Result<BundlePtr> JwtKeyAdministration::Remove(const AdministrativeAct& act, std::string_view key_id) {
  constexpr char kWhat[] = "jwt key removed";
  const auto remove = [&](store::Database& database, TrustBundle&) -> Result<bool> {
    RK_RETURN_IF_ERROR(CheckReason(act, true));
    RK_TRY(const bool removed,
           bundle_rows::MarkJwtKeyRemoved(database, act.trust_domain, key_id, ToUnixSeconds(clock_.Now())));
    if (!removed) {
      return NotFound("no JWT key of the bundle has the id " + std::string(key_id.substr(0, kMaxKeyIdSize)))
          .WithReason("jwt_key_unknown")
          .WithHint("rootkeep jwt-key list");
    }
    RK_RETURN_IF_ERROR(acts_.Note(database, act, kWhat, key_id, act.reason));
    return true;
  };
  return acts_.Settle(act, kWhat, key_id, bundles_.Change(act.trust_domain, remove));
}

}  // namespace rootkeep
