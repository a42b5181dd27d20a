#include "signer/ledger/last_end.h"

namespace rootkeep {

Result<std::int64_t> LastEndOfProfile(store::Database& database, std::string_view profile) {
  using enum store::Column;
  RK_TRY(store::Statement query,
         database.Prepare("SELECT COALESCE(MAX(last_not_after), 0) FROM issuer_ends WHERE profile = :profile", {kText},
                          {kInteger}));
  query.Bind(profile);
  RK_RETURN_IF_ERROR(query.Start());
  RK_RETURN_IF_ERROR(query.Next());
  return query.integer(0);
}

}  // namespace rootkeep
