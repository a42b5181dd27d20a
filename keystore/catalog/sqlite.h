// SQLite behind Results, as much of it as the catalogue needs. Internal to this folder.
//
// Its C API and not the SQL library of signer/store: custody cannot include issuance, the catalogue belongs to one host
// and never moves to another database, and a handful of statements need no more than this.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rootkeep::catalog {

// Must go before its Sqlite. The first error of any call is what Run, Next and every later call return.
class Statement {
 public:
  Statement& Bind(std::int64_t value);
  Statement& Bind(std::string_view text);
  Statement& Bind(ByteView octets);
  Statement& Bind(std::optional<bool> fact);

  // To the end; how many rows it changed.
  Result<int> Run();
  // To the next row; false after the last.
  Result<bool> Next();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::optional<std::int64_t> number(int column) const;  // nothing for NULL
  [[nodiscard]] std::optional<bool> fact(int column) const;            // the same
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Bytes octets(int column) const;

 private:
  friend class Sqlite;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3* db, std::string_view sql);
  void Check(int result);

  sqlite3* db_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int next_ = 1;
  Status status_;
};

// One connection, one thread. Errors carry the domain "SQL"; what the disk or another process causes is UNAVAILABLE.
class Sqlite {
 public:
  enum class Access : std::uint8_t { kMake, kWrite, kRead };

  // kMake writes too, and makes the file, mode 0600, where it is missing; the others answer NOT_FOUND then.
  // FAILED_PRECONDITION with reason "file_mode" when group or others can access it. Every statement is durable when it
  // returns.
  static Result<Sqlite> Open(const std::string& path, Access access);

  [[nodiscard]] Statement Prepare(std::string_view sql) const { return {db_.get(), sql}; }

  // Whether its file is no more at its path, or another one is. Cheap: no read of the file.
  [[nodiscard]] Result<bool> HasMoved() const;

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  explicit Sqlite(sqlite3* db) : db_(db) {}

  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace rootkeep::catalog
