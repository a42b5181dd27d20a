// What Database and Statement share. Internal to this folder.
#pragma once

#include <soci/soci.h>

#include <memory>
#include <string>
#include <vector>

#include "signer/store/database.h"
#include "signer/store/statement.h"

namespace rootkeep::store {

struct Database::Impl {
  explicit Impl(const std::string& connect_string);
  soci::session session;
};

// One bound variable; SOCI keeps its address.
struct Slot {
  Column type = Column::kInteger;
  long long number = 0;
  std::string text;
  std::unique_ptr<soci::blob> octets;
  soci::indicator indicator = soci::i_ok;
};

struct Statement::Impl {
  // Throws what SOCI throws.
  Impl(soci::session& session, const std::string& sql, const std::vector<Column>& parameter_types,
       const std::vector<Column>& column_types);

  // Null, and an error in `bound`, when there is no such parameter of that type.
  Slot* Parameter(std::size_t index, Column type);
  // Null when there is no such column or it is NULL.
  [[nodiscard]] const Slot* Value(std::size_t index) const;

  std::vector<Slot> parameters;
  std::vector<Slot> columns;
  soci::statement statement;
  Status bound;  // why the last Bind failed
  bool started = false;
};

}  // namespace rootkeep::store
