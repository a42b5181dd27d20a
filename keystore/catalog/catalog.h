// The catalogue of keys: what was made, for what, in which state, and what was known when it was made (README.md).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "keystore/catalog/entry.h"

namespace rootkeep {

namespace catalog {
class Sqlite;
}  // namespace catalog

// Rows in SQLite. Thread-safe; several processes may have it open. Every change is one durable statement that demands
// the state it changes from: FAILED_PRECONDITION with reason "key_state" names the state found instead, NOT_FOUND when
// there is no such row. No row is ever deleted but one that never had a key (Withdraw), and one whose key is DESTROYED
// and was followed by others (Forget).
class Catalog {
 public:
  // <state>/keys.db (keystore/NAMES.md), made where it is missing. FAILED_PRECONDITION with reason "schema_newer" when
  // a newer program wrote it.
  static Result<std::unique_ptr<Catalog>> Open(const std::string& path);
  // The same, and NOT_FOUND when there is none.
  static Result<std::unique_ptr<Catalog>> OpenExisting(const std::string& path);
  // To look only: NOT_FOUND when there is none.
  static Result<std::unique_ptr<Catalog>> Look(const std::string& path);

  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // By label.
  Result<std::vector<CatalogEntry>> List() const;
  Result<std::optional<CatalogEntry>> Find(const std::string& label) const;

  // Whether another file stands where it was opened, or none: what this one says then is not what others see.
  Result<bool> Replaced() const;

  // A number that is another one after another connection has changed the catalogue; cheap.
  Result<std::int64_t> OthersChanges() const;

  // A PENDING row: before the token is asked for the key. ALREADY_EXISTS when the label is taken, in any token. `maker`
  // as CatalogEntry has it.
  Status Intend(const KeySpec& spec, const TokenName& token, const std::vector<std::string>& users, WallTime now,
                std::string_view maker = {});
  // PENDING to ACTIVE, with the key that the token made. DATA_LOSS with reason "key_type" when it is of another
  // type.
  Status Activate(const KeyInfo& key, WallTime read_at);
  // PENDING to no row: only after the token has said that it holds no such key.
  Status Withdraw(const std::string& label);

  // From ACTIVE, or from MISSING, which it stays until its key is found.
  Status Retire(const std::string& label, WallTime now);
  // From ACTIVE or RETIRED; not once its destruction was ordered.
  Status MarkMissing(const std::string& label, WallTime now);
  // From MISSING, to what it was before.
  Status MarkFound(const std::string& label);
  // Before the token is asked to destroy a key that was retired.
  Status OrderDestruction(const std::string& label, WallTime now);
  // After that, once the token holds it no more.
  Status MarkDestroyed(const std::string& label, WallTime now);

  // From now on others may rely on what the key signed. Once is enough.
  Status MarkUsed(const std::string& label, WallTime now);
  // From DESTROYED to no row, of a key with a maker: while a newer one of its name has a row, so that its label stays
  // taken.
  Status Forget(const std::string& label);

  // Who may sign with the key from now on (NAMES.md, "Permitted users"). Not for a DESTROYED one.
  Status Permit(const std::string& label, const std::vector<std::string>& users);

 private:
  Catalog(catalog::Sqlite db, std::string columns);

  Result<std::vector<CatalogEntry>> Query(const std::string& where, const std::string* label) const RK_REQUIRES(mutex_);
  // One statement: `set`, with `now` for its question mark, where `from` holds.
  Status Change(const std::string& label, const std::string& set, const std::string& from, std::optional<WallTime> now);
  Error WrongState(const std::string& label) const RK_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::unique_ptr<catalog::Sqlite> db_;
  const std::string columns_;
};

}  // namespace rootkeep
