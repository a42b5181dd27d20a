#include "signer/bundle/root_end.h"

namespace rootkeep {
namespace {

using store::Statement;
using enum store::Column;

constexpr char kLastEnd[] =
    "SELECT COALESCE(MAX(e.last_not_after), 0) FROM issuer_ends e JOIN issuers s ON s.id = e.issuer_id"
    " WHERE EXISTS (SELECT 1 FROM trust_issuers t WHERE t.trust_domain = :td AND t.issuer = s.fingerprint"
    " AND t.root = :root)"
    " OR NOT EXISTS (SELECT 1 FROM trust_issuers t WHERE t.issuer = s.fingerprint)";

}  // namespace

Result<std::int64_t> LastEndBelow(store::Database& database, std::string_view trust_domain, std::string_view root) {
  RK_TRY(Statement query, database.Prepare(kLastEnd, {kText, kText}, {kInteger}));
  query.Bind(trust_domain, root);
  RK_RETURN_IF_ERROR(query.Start());
  RK_RETURN_IF_ERROR(query.Next());
  return query.integer(0);
}

}  // namespace rootkeep
