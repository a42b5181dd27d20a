#include "signer/store/sqlite.h"

#include <fcntl.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <utility>

#include "keystore/base/file.h"

namespace rootkeep::store {
namespace {

using sqlite_api::sqlite3;

sqlite3* Handle(soci::session& session) {
  return static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
}

struct KnownResult {
  int primary;
  Code code;
  std::string_view reason;
  std::string_view name;
};

constexpr std::array kKnownResults = {
    KnownResult{SQLITE_PERM, Code::kPermissionDenied, "db_permission", "SQLITE_PERM"},
    KnownResult{SQLITE_BUSY, Code::kUnavailable, "db_busy", "SQLITE_BUSY"},
    KnownResult{SQLITE_LOCKED, Code::kUnavailable, "db_busy", "SQLITE_LOCKED"},
    KnownResult{SQLITE_NOMEM, Code::kResourceExhausted, "db_memory", "SQLITE_NOMEM"},
    KnownResult{SQLITE_READONLY, Code::kUnavailable, "db_readonly", "SQLITE_READONLY"},
    KnownResult{SQLITE_IOERR, Code::kUnavailable, "db_io", "SQLITE_IOERR"},
    KnownResult{SQLITE_CORRUPT, Code::kDataLoss, "db_corrupt", "SQLITE_CORRUPT"},
    KnownResult{SQLITE_FULL, Code::kUnavailable, "db_full", "SQLITE_FULL"},
    KnownResult{SQLITE_CANTOPEN, Code::kUnavailable, "db_open", "SQLITE_CANTOPEN"},
    KnownResult{SQLITE_PROTOCOL, Code::kUnavailable, "db_busy", "SQLITE_PROTOCOL"},
    KnownResult{SQLITE_TOOBIG, Code::kInvalidArgument, "db_too_big", "SQLITE_TOOBIG"},
    KnownResult{SQLITE_NOTADB, Code::kDataLoss, "db_corrupt", "SQLITE_NOTADB"},
};

void ReplaceAll(std::string& text, std::string_view token, std::string_view by) {
  for (auto at = text.find(token); at != std::string::npos; at = text.find(token, at + by.size())) {
    text.replace(at, token.size(), by);
  }
}

}  // namespace

Result<std::string> SqliteConnectString(const DatabaseOptions& options) {
  if (options.path.empty() || options.path.find('"') != std::string::npos) {
    return InvalidArgument("database path is empty or holds a quotation mark: " + options.path);
  }
  std::string text = "dbname=\"" + options.path + "\"";
  if (!options.vfs.empty()) text += " vfs=" + options.vfs;
  if (options.read_only) text += " readonly=true";
  return text;
}

Status PrepareSqliteFile(const DatabaseOptions& options) {
  // SQLite gives the log and its index the mode of the database, so this is the one place that sets it. An existing
  // file is never opened here: closing it would drop the locks of every connection this process has to it (POSIX
  // fcntl), and with them what keeps another process from removing the log.
  if (!options.read_only) {
    const Fd fresh(open(options.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fresh.valid() && errno != EEXIST) return ErrnoError("create " + options.path, errno);
  }
  struct stat info{};
  if (stat(options.path.c_str(), &info) != 0) return ErrnoError("stat " + options.path, errno);
  if ((info.st_mode & 077) != 0) {
    return FailedPrecondition("database " + options.path + " is accessible by group or others")
        .WithReason("file_mode")
        .WithHint("chmod 600 " + options.path);
  }
  return Ok();
}

Status ConfigureSqlite(soci::session& session, const DatabaseOptions& options) {
  sqlite_api::sqlite3_extended_result_codes(Handle(session), 1);
  session << "PRAGMA busy_timeout=" << options.busy_timeout.count();
  session << "PRAGMA cache_size=-" << options.cache_kib;
  session << "PRAGMA trusted_schema=OFF";
  if (options.read_only) return Ok();
  // Counts for a new database only. A third fewer system calls a commit than with 4 KiB.
  session << "PRAGMA page_size=8192";
  std::string mode;
  session << "PRAGMA journal_mode=WAL", soci::into(mode);
  if (mode != "wal") return Internal("sqlite did not switch to its write-ahead log but to " + mode);
  session << "PRAGMA synchronous=" << (options.synchronous == Synchronous::kFull ? "FULL" : "NORMAL");
  session << "PRAGMA foreign_keys=ON";
  return Ok();
}

std::string SqliteTypes(std::string sql) {
  ReplaceAll(sql, "{id}", "INTEGER PRIMARY KEY");
  ReplaceAll(sql, "{key}", "INTEGER PRIMARY KEY");
  ReplaceAll(sql, "{blob}", "BLOB");
  return sql;
}

bool SqliteInTransaction(soci::session& session) { return sqlite_api::sqlite3_get_autocommit(Handle(session)) == 0; }

Error SqliteError(std::string_view call, int result, const std::string& text) {
  const std::string message = std::string(call) + ": " + text;
  const auto value = static_cast<std::uint64_t>(result);
  if (result == SQLITE_CONSTRAINT_UNIQUE || result == SQLITE_CONSTRAINT_PRIMARYKEY) {
    return AlreadyExists(message).WithReason("db_unique").WithNative({"SQL", value, "SQLITE_CONSTRAINT"});
  }
  for (const KnownResult& known : kKnownResults) {
    if ((result & 0xff) != known.primary) continue;
    return Error(known.code, message).WithReason(known.reason).WithNative({"SQL", value, std::string(known.name)});
  }
  return Internal(message).WithNative({"SQL", value, ""});
}

}  // namespace rootkeep::store
