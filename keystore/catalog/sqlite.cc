#include "keystore/catalog/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>

#include "keystore/base/file.h"

namespace rootkeep::catalog {
namespace {

constexpr int kBusyMilliseconds = 5000;

Code CodeOf(int result) {
  switch (result & 0xff) {
    case SQLITE_CONSTRAINT: return Code::kAlreadyExists;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Code::kDataLoss;
    case SQLITE_PERM: return Code::kPermissionDenied;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN: return Code::kUnavailable;
    default: return Code::kInternal;
  }
}

Error SqlError(int result, const char* text) {
  return Error(CodeOf(result), std::string("key catalogue: ") + text)
      .WithNative({"SQL", static_cast<std::uint64_t>(result), sqlite3_errstr(result)});
}

Status CheckFile(const std::string& path, Sqlite::Access access) {
  if (access == Sqlite::Access::kMake) {
    const Fd fresh(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fresh.valid() && errno != EEXIST) return ErrnoError("create " + path, errno);
  }
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return ErrnoError("stat " + path, errno);
  if ((info.st_mode & 077) == 0) return Ok();
  return FailedPrecondition(path + " is accessible by group or others")
      .WithReason("file_mode")
      .WithHint("chmod 600 " + path);
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Sqlite::Close::operator()(sqlite3* db) const { sqlite3_close(db); }

Result<Sqlite> Sqlite::Open(const std::string& path, Access access) {
  RK_RETURN_IF_ERROR(CheckFile(path, access));
  sqlite3* raw = nullptr;
  const int flags = access == Access::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  const int result = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Sqlite db(raw);
  if (result != SQLITE_OK) return SqlError(result, ("open " + path).c_str());
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyMilliseconds);
  if (access == Access::kRead) return db;
  // EXTRA also syncs the directory after the journal is unlinked: with less, a power cut can bring the journal back and
  // with it take a finished statement away.
  for (const char* sql : {"PRAGMA trusted_schema=OFF", "PRAGMA synchronous=EXTRA"}) {
    RK_RETURN_IF_ERROR(db.Prepare(sql).Run());
  }
  return db;
}

Result<bool> Sqlite::HasMoved() const {
  int moved = 0;
  const int result = sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (result != SQLITE_OK) return SqlError(result, "has its file moved?");
  return moved != 0;
}

Statement::Statement(sqlite3* db, std::string_view sql) : db_(db) {
  sqlite3_stmt* raw = nullptr;
  Check(sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &raw, nullptr));
  statement_.reset(raw);
}

void Statement::Check(int result) {
  if (status_.ok() && result != SQLITE_OK) status_ = SqlError(result, sqlite3_errmsg(db_));
}

Statement& Statement::Bind(std::int64_t value) {
  if (status_.ok()) Check(sqlite3_bind_int64(statement_.get(), next_++, value));
  return *this;
}

Statement& Statement::Bind(std::string_view text) {
  // Without octets it would be NULL.
  const char* const data = text.data() != nullptr ? text.data() : "";
  if (status_.ok())
    Check(sqlite3_bind_text64(statement_.get(), next_++, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::Bind(ByteView octets) {
  if (status_.ok())
    Check(sqlite3_bind_blob64(statement_.get(), next_++, octets.data(), octets.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::Bind(std::optional<bool> fact) {
  if (fact) return Bind(std::int64_t{*fact ? 1 : 0});
  if (status_.ok()) Check(sqlite3_bind_null(statement_.get(), next_++));
  return *this;
}

Result<bool> Statement::Next() {
  RK_RETURN_IF_ERROR(status_);
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  Check(result);
  return status_.error();
}

Result<int> Statement::Run() {
  bool more = true;
  while (more) {
    RK_TRY(more, Next());
  }
  return sqlite3_changes(db_);
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::optional<std::int64_t> Statement::number(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
  return integer(column);
}

std::optional<bool> Statement::fact(int column) const {
  const auto value = number(column);
  return value ? std::optional<bool>(*value != 0) : std::nullopt;
}

std::string Statement::text(int column) const { return std::string(AsText(octets(column))); }

Bytes Statement::octets(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return data == nullptr ? Bytes() : Bytes(data, data + size);
}

}  // namespace rootkeep::catalog
