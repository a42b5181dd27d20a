#include "tools/rootkeepd/foreign_cas.h"

#include "keystore/base/log.h"
#include "signer/ledger/last_end.h"
#include "signer/profile/profile.h"
#include "tools/config/load.h"

namespace rootkeep {

Result<bool> MayHaveForeignCas(const config::Config& config, const std::string& database_path, WallTime now) {
  if (config::HasForeignCa(config)) return true;
  RK_TRY(const auto database, store::Database::Open({.path = database_path, .read_only = true}));
  RK_TRY(const std::int64_t last_end, LastEndOfProfile(*database, ProfileName(ProfileKind::kForeignCa)));
  if (last_end <= ToUnixSeconds(now)) return false;
  log::Warning("foreign_cas_left", {{"detail", config::ForeignCasLeft(FromUnixSeconds(last_end))}});
  return true;
}

}  // namespace rootkeep
