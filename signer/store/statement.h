// A prepared statement: typed parameters in, typed rows out.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::store {

enum class Column : std::uint8_t { kInteger, kText, kBlob };

// Made by Database::Prepare; must go before its Database. Not thread-safe. A query that was not read to its end holds
// a read transaction open until the statement goes or runs again.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Copies the values, in the order and of the types given to Prepare. An empty blob is stored as NULL and read back
  // as empty.
  template <typename... Values>
  void Bind(const Values&... values) {
    std::size_t index = 0;
    (Set(index++, values), ...);
  }

  // Runs to the end; for statements that return no rows. May be repeated after the next Bind.
  Status Run();
  // How many rows the last Run changed.
  [[nodiscard]] std::int64_t affected_rows();

  // Starts over with the bound values; then Next() steps to each row and is false after the last.
  Status Start();
  Result<bool> Next();

  // The current row's columns, 0 or empty for NULL; views live until the next call of Next.
  [[nodiscard]] std::int64_t integer(std::size_t index) const;
  [[nodiscard]] std::string_view text(std::size_t index) const;
  [[nodiscard]] Bytes blob(std::size_t index) const;

 private:
  friend class Database;
  struct Impl;
  explicit Statement(std::unique_ptr<Impl> impl);

  void Set(std::size_t index, std::int64_t value);
  void Set(std::size_t index, std::string_view value);
  void Set(std::size_t index, ByteView value);

  std::unique_ptr<Impl> impl_;
};

}  // namespace rootkeep::store
