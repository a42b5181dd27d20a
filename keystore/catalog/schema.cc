#include "keystore/catalog/schema.h"

#include <fmt/format.h>

namespace rootkeep::catalog {
namespace {

// Use, name and generation are in the label and nowhere else. The custody facts are null where the token did not say.
constexpr char kFirst[] =
    "CREATE TABLE IF NOT EXISTS keys ("
    " label TEXT NOT NULL PRIMARY KEY,"
    " type TEXT NOT NULL,"
    " custody TEXT NOT NULL,"
    " users TEXT NOT NULL,"
    " state INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " activated_at INTEGER, retired_at INTEGER, missing_at INTEGER, destroyed_at INTEGER,"
    " token_label TEXT NOT NULL, token_serial TEXT NOT NULL,"
    " token_manufacturer TEXT NOT NULL DEFAULT '', token_model TEXT NOT NULL DEFAULT '',"
    " token_software INTEGER NOT NULL DEFAULT 0,"
    " id BLOB, spki BLOB, read_at INTEGER, voucher INTEGER,"
    " sensitive INTEGER, extractable INTEGER, always_sensitive INTEGER, never_extractable INTEGER, local INTEGER,"
    " modifiable INTEGER, always_authenticate INTEGER, other_usages TEXT NOT NULL DEFAULT '')";

// Destruction in two phases.
constexpr char kSecond[] = "ALTER TABLE keys ADD COLUMN destroy_ordered_at INTEGER";

// Keys that their owner replaces.
constexpr char kThirdMaker[] = "ALTER TABLE keys ADD COLUMN maker TEXT NOT NULL DEFAULT ''";
constexpr char kThirdUsed[] = "ALTER TABLE keys ADD COLUMN used_at INTEGER";

Status Alter(const Sqlite& db) {
  // Asked again under the lock: another program may have been first.
  RK_TRY(const std::int64_t version, VersionOf(db));
  if (version < 1) RK_RETURN_IF_ERROR(db.Prepare(kFirst).Run());
  if (version < 2) RK_RETURN_IF_ERROR(db.Prepare(kSecond).Run());
  if (version < 3) {
    RK_RETURN_IF_ERROR(db.Prepare(kThirdMaker).Run());
    RK_RETURN_IF_ERROR(db.Prepare(kThirdUsed).Run());
  }
  RK_RETURN_IF_ERROR(db.Prepare(fmt::format("PRAGMA user_version={}", kSchemaVersion)).Run());
  RK_RETURN_IF_ERROR(db.Prepare("COMMIT").Run());
  return Ok();
}

}  // namespace

Result<std::int64_t> VersionOf(const Sqlite& db) {
  Statement query = db.Prepare("PRAGMA user_version");
  RK_RETURN_IF_ERROR(query.Next());
  const std::int64_t version = query.integer(0);
  if (version <= kSchemaVersion) return version;
  return FailedPrecondition(
             fmt::format("the key catalogue has version {}, this program knows up to {}", version, kSchemaVersion))
      .WithReason("schema_newer")
      .WithHint("run the newer program");
}

Status BringUpToDate(const Sqlite& db) {
  RK_TRY(const std::int64_t version, VersionOf(db));
  if (version == kSchemaVersion) return Ok();
  RK_RETURN_IF_ERROR(db.Prepare("BEGIN IMMEDIATE").Run());
  Status altered = Alter(db);
  // An error here would hide the one that matters; closing the connection rolls back too.
  if (!altered.ok()) static_cast<void>(db.Prepare("ROLLBACK").Run());
  return altered;
}

std::string ColumnsOf(std::int64_t version) {
  return fmt::format(
      "label, type, custody, users, state, created_at, activated_at, retired_at, missing_at, destroyed_at,"
      " token_label, token_serial, token_manufacturer, token_model, token_software, id, spki, read_at, voucher,"
      " sensitive, extractable, always_sensitive, never_extractable, local, modifiable, always_authenticate,"
      " other_usages, {}, {}",
      version < 2 ? "NULL" : "destroy_ordered_at", version < 3 ? "'', NULL" : "maker, used_at");
}

}  // namespace rootkeep::catalog
