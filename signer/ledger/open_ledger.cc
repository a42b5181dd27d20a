#include "signer/ledger/open_ledger.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "keystore/base/log.h"
#include "signer/ledger/ledger_run.h"
#include "signer/ledger/sql_ledger.h"
#include "signer/store/schema.h"

namespace rootkeep {
namespace {

constexpr std::int64_t kWriterCacheKib = 65'536;  // holds the index pages of some million serials

store::DatabaseOptions WriterOptions(const LedgerOptions& options) {
  store::DatabaseOptions database;
  database.path = options.path;
  database.vfs = options.vfs;
  database.synchronous = options.synchronous;
  database.cache_kib = kWriterCacheKib;
  return database;
}

Result<std::unique_ptr<EntryReader>> OpenReader(const std::string& path, const std::string& vfs) {
  store::DatabaseOptions options;
  options.path = path;
  options.vfs = vfs;
  options.read_only = true;
  RK_TRY(auto database, store::Database::Open(options));
  RK_RETURN_IF_ERROR(store::CheckSchema(*database));
  return std::make_unique<EntryReader>(std::move(database));
}

const Clock* ClockOr(const Clock* clock) {
  static const SystemClock system;
  return clock != nullptr ? clock : &system;
}

}  // namespace

Result<std::unique_ptr<Ledger>> OpenLedger(const LedgerOptions& options) {
  SqlLedger::Parts parts;
  parts.clock = ClockOr(options.clock);
  parts.queue_limit = options.queue_limit;
  parts.open_limit = options.open_limit;
  parts.window = options.recent_limit;

  const store::DatabaseOptions writer = WriterOptions(options);
  RK_TRY(auto database, store::Database::Open(writer));
  RK_RETURN_IF_ERROR(store::Migrate(*database, *parts.clock));
  RK_TRY(parts.possibly_issued, BeginLedgerRun(*database, ToUnixSeconds(parts.clock->Now())));
  if (parts.possibly_issued != 0) log::Warning("ledger_possibly_issued", {{"count", parts.possibly_issued}});
  parts.commit = std::make_unique<GroupCommit>(writer, std::move(database));

  RK_TRY(parts.finder, OpenReader(options.path, options.vfs));
  RK_TRY(parts.lister, OpenReader(options.path, options.vfs));
  RK_TRY(parts.recent, parts.finder->RecentlyIssued(options.recent_limit));
  try {
    return std::unique_ptr<Ledger>(std::make_unique<SqlLedger>(std::move(parts)));
  } catch (const std::system_error& error) {
    return Unavailable(fmt::format("start the ledger's thread: {}", error.what()))
        .WithHint("see TasksMax and ulimit -u");
  }
}

Result<std::unique_ptr<EntryReader>> OpenLedgerReadOnly(const std::string& path, const std::string& vfs) {
  return OpenReader(path, vfs);
}

}  // namespace rootkeep
