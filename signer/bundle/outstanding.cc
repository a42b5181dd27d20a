#include "signer/bundle/outstanding.h"

#include <vector>

#include "signer/store/execute.h"

namespace rootkeep {
namespace {

using store::Statement;
using enum store::Column;

// status 2: failed, and nothing was released (signer/ledger/ledger.h).
constexpr char kCount[] =
    "SELECT COUNT(*), COALESCE(MAX(i.not_after), 0) FROM intents i"
    " JOIN issuers s ON s.id = i.issuer_id LEFT JOIN outcomes o ON o.intent_id = i.id"
    " WHERE i.id > :after AND i.id <= :through AND i.not_after > :now AND i.trust_domain = :td AND COALESCE(o.status, "
    "0) <> 2"
    " AND (EXISTS (SELECT 1 FROM trust_issuers t WHERE t.trust_domain = i.trust_domain AND t.issuer = s.fingerprint"
    " AND t.root = :root)"
    " OR NOT EXISTS (SELECT 1 FROM trust_issuers t WHERE t.trust_domain = i.trust_domain"
    " AND t.issuer = s.fingerprint))";

}  // namespace

Result<Outstanding> CountOutstanding(store::Database& database, const OutstandingQuery& query) {
  RK_TRY(Statement count, database.Prepare(kCount, {kInteger, kInteger, kInteger, kText, kText}, {kInteger, kInteger}));
  count.Bind(query.after, query.through, query.now, query.trust_domain, query.root);
  RK_TRY(const auto rows,
         store::ReadAll(count, [](const Statement& row) { return Outstanding{row.integer(0), row.integer(1)}; }));
  return rows.empty() ? Outstanding() : rows.front();
}

Result<std::int64_t> NewestEntry(store::Database& database) {
  return database.QueryNumber("SELECT COALESCE(MAX(id), 0) FROM intents");
}

}  // namespace rootkeep
