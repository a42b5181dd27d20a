// Statements that run once, and several as one transaction.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "signer/store/database.h"

namespace rootkeep::store {

inline Column TypeOf(std::int64_t) { return Column::kInteger; }
inline Column TypeOf(std::string_view) { return Column::kText; }
inline Column TypeOf(ByteView) { return Column::kBlob; }

// Runs one statement with these parameters for its effect; how many rows it changed.
template <typename... Values>
Result<std::int64_t> Execute(Database& database, const std::string& sql, const Values&... values) {
  RK_TRY(Statement statement, database.Prepare(sql, {TypeOf(values)...}));
  statement.Bind(values...);
  RK_RETURN_IF_ERROR(statement.Run());
  return statement.affected_rows();
}

// What `read` makes of each row of a query whose parameters are bound.
template <typename Read>
auto ReadAll(Statement& query, Read read) -> Result<std::vector<decltype(read(query))>> {
  std::vector<decltype(read(query))> rows;
  RK_RETURN_IF_ERROR(query.Start());
  for (;;) {
    RK_TRY(const bool found, query.Next());
    if (!found) return rows;
    rows.push_back(read(query));
  }
}

// The result of `work`, whose changes are there if it is one.
template <typename Work>
auto Transact(Database& database, const Work& work) -> decltype(work(database)) {
  RK_RETURN_IF_ERROR(database.Begin());
  auto done = work(database);
  if (done.ok()) {
    Status committed = database.Commit();
    if (committed.ok()) return done;
    done = std::move(committed).error();
  }
  // What went wrong first is what matters.
  (void)database.Rollback();
  return done;
}

}  // namespace rootkeep::store
