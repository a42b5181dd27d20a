#include "signer/ledger/ledger_run.h"

namespace rootkeep {
namespace {

using store::Column;
using store::Statement;

Result<std::int64_t> CountOpenSince(store::Database& database, std::int64_t first_intent) {
  RK_TRY(Statement query, database.Prepare("SELECT COUNT(*) FROM intents LEFT JOIN outcomes ON intent_id = id"
                                           " WHERE id >= :first_intent AND intent_id IS NULL",
                                           {Column::kInteger}, {Column::kInteger}));
  query.Bind(first_intent);
  RK_RETURN_IF_ERROR(query.Start());
  RK_RETURN_IF_ERROR(query.Next());
  return query.integer(0);
}

Result<std::int64_t> CountAndNote(store::Database& database, std::int64_t now) {
  RK_TRY(const std::int64_t first_of_last_run, database.QueryNumber("SELECT MAX(first_intent) FROM ledger_runs"));
  RK_TRY(const std::int64_t last_intent, database.QueryNumber("SELECT MAX(id) FROM intents"));
  RK_TRY(const std::int64_t possibly_issued, CountOpenSince(database, first_of_last_run));
  RK_TRY(Statement note, database.Prepare("INSERT INTO ledger_runs (opened_at, first_intent, possibly_issued)"
                                          " VALUES (:opened_at, :first_intent, :possibly_issued)",
                                          {Column::kInteger, Column::kInteger, Column::kInteger}));
  note.Bind(now, last_intent + 1, possibly_issued);
  RK_RETURN_IF_ERROR(note.Run());
  return possibly_issued;
}

}  // namespace

Result<std::uint64_t> BeginLedgerRun(store::Database& database, std::int64_t now) {
  RK_RETURN_IF_ERROR(database.Begin());
  auto count = CountAndNote(database, now);
  if (!count.ok()) {
    RK_RETURN_IF_ERROR(database.Rollback());
    return std::move(count.error());
  }
  RK_RETURN_IF_ERROR(database.Commit());
  return static_cast<std::uint64_t>(*count);
}

}  // namespace rootkeep
