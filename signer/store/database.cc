#include "signer/store/database.h"

#include <soci/sqlite3/soci-sqlite3.h>

#include <utility>

#include "signer/store/database_impl.h"
#include "signer/store/soci_edge.h"
#include "signer/store/sqlite.h"

namespace rootkeep::store {

Database::Impl::Impl(const std::string& connect_string) : session(soci::sqlite3, connect_string) {}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options) {
  RK_RETURN_IF_ERROR(PrepareSqliteFile(options));
  RK_TRY(const std::string connect_string, SqliteConnectString(options));
  const std::string call = "open database " + options.path;
  RK_TRY(auto impl, Guarded(call, [&] { return std::make_unique<Impl>(connect_string); }));
  RK_TRY(const Status configured, Guarded(call, [&] { return ConfigureSqlite(impl->session, options); }));
  RK_RETURN_IF_ERROR(configured);
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

Status Database::Execute(const std::string& sql) {
  return Guarded("execute", [&] { impl_->session << SqliteTypes(sql); });
}

Result<Statement> Database::Prepare(const std::string& sql, const std::vector<Column>& parameters,
                                    const std::vector<Column>& columns) {
  RK_TRY(auto statement, Guarded("prepare", [&] {
           return std::make_unique<Statement::Impl>(impl_->session, sql, parameters, columns);
         }));
  return Statement(std::move(statement));
}

Result<std::int64_t> Database::QueryNumber(const std::string& sql, std::int64_t otherwise) {
  RK_TRY(Statement query, Prepare(sql, {}, {Column::kInteger}));
  RK_RETURN_IF_ERROR(query.Start());
  RK_TRY(const bool found, query.Next());
  return found ? query.integer(0) : otherwise;
}

Status Database::Begin() {
  return Guarded("begin", [&] { impl_->session << kSqliteBegin; });
}

Status Database::Commit() {
  return Guarded("commit", [&] { impl_->session.commit(); });
}

Status Database::Rollback() {
  // Disk errors make SQLite roll back by itself; a second rollback would then be an error of its own.
  if (!SqliteInTransaction(impl_->session)) return Ok();
  return Guarded("rollback", [&] { impl_->session.rollback(); });
}

Result<std::int64_t> Database::LastInsertId(const std::string& table) {
  return Guarded("last insert id", [&] {
    long long id = 0;
    if (!impl_->session.get_last_insert_id(table, id)) throw soci::soci_error("not supported");
    return static_cast<std::int64_t>(id);
  });
}

}  // namespace rootkeep::store
