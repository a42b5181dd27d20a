#include "signer/bundle/jwt_key_administration.h"

#include <algorithm>
#include <string>

#include "signer/bundle/bundle_rows.h"
#include "signer/bundle/jwt_key.h"

namespace rootkeep {
namespace {

Error Unknown(std::string_view key_id) {
  return NotFound("no JWT key of the bundle has the id " + std::string(key_id.substr(0, kMaxKeyIdSize)))
      .WithReason("jwt_key_unknown")
      .WithHint("rootkeep jwt-key list");
}

}  // namespace

Result<BundlePtr> JwtKeyAdministration::Remove(const AdministrativeAct& act, std::string_view key_id) {
  constexpr char kWhat[] = "jwt key removed";
  const auto remove = [&](store::Database& database, const TrustBundle& bundle) -> Result<bool> {
    RK_RETURN_IF_ERROR(CheckReason(act, true));
    const auto named = std::ranges::find(bundle.jwt_keys, key_id, &JwtKey::key_id);
    if (named == bundle.jwt_keys.end()) return Unknown(key_id);
    RK_RETURN_IF_ERROR(
        bundle_rows::MarkJwtKeyRemoved(database, act.trust_domain, named->public_key, ToUnixSeconds(clock_.Now())));
    for (const JwtKey& key : bundle.jwt_keys) {
      if (key.public_key == named->public_key) {
        RK_RETURN_IF_ERROR(acts_.Note(database, act, kWhat, key.key_id, act.reason));
      }
    }
    return true;
  };
  return acts_.Settle(act, kWhat, key_id, bundles_.Change(act.trust_domain, remove));
}

}  // namespace rootkeep
