// Writes one batch in one transaction. Internal to this folder.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "keystore/base/result.h"
#include "signer/ledger/entry_writer.h"
#include "signer/ledger/write_queue.h"
#include "signer/store/database.h"

namespace rootkeep {

// Used by one thread. After a failure the connection is opened anew, so that no state of it outlives the fault.
class GroupCommit {
 public:
  GroupCommit(store::DatabaseOptions options, std::unique_ptr<store::Database> database)
      : options_(std::move(options)), database_(std::move(database)) {}

  // For each intent its id, or ALREADY_EXISTS. An error when nothing of the batch is on disk.
  Result<std::vector<Result<std::int64_t>>> Write(const WriteBatch& batch);

 private:
  Status Connect();
  Result<std::vector<Result<std::int64_t>>> WriteGuarded(const WriteBatch& batch);
  Result<std::vector<Result<std::int64_t>>> WriteInside(const WriteBatch& batch);

  store::DatabaseOptions options_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<EntryWriter> writer_;
};

}  // namespace rootkeep
