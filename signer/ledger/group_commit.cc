#include "signer/ledger/group_commit.h"

#include <utility>

namespace rootkeep {

Result<std::vector<Result<std::int64_t>>> GroupCommit::Write(const WriteBatch& batch) {
  RK_RETURN_IF_ERROR(Connect());
  auto ids = WriteGuarded(batch);
  if (!ids.ok()) {
    // Closing it rolls back.
    writer_.reset();
    database_.reset();
  }
  return ids;
}

// A transaction that an exception left open must be rolled back like one that failed.
Result<std::vector<Result<std::int64_t>>> GroupCommit::WriteGuarded(const WriteBatch& batch) {
  try {
    return WriteInside(batch);
  } catch (const std::exception& exception) {
    return Internal(std::string("write the batch: ") + exception.what()).WithReason("exception");
  }
}

Status GroupCommit::Connect() {
  if (database_ == nullptr) {
    RK_TRY(database_, store::Database::Open(options_));
  }
  if (writer_ == nullptr) {
    RK_TRY(writer_, EntryWriter::Prepare(*database_));
  }
  return Ok();
}

Result<std::vector<Result<std::int64_t>>> GroupCommit::WriteInside(const WriteBatch& batch) {
  RK_RETURN_IF_ERROR(database_->Begin());
  std::vector<Result<std::int64_t>> ids;
  ids.reserve(batch.intents.size());
  for (const QueuedIntent& queued : batch.intents) {
    ids.push_back(writer_->Insert(queued.intent));
    if (!ids.back().ok() && ids.back().error().code() != Code::kAlreadyExists) return ids.back().error();
  }
  for (const OutcomePtr& outcome : batch.outcomes) RK_RETURN_IF_ERROR(writer_->Insert(*outcome));
  RK_RETURN_IF_ERROR(database_->Commit());
  return ids;
}

}  // namespace rootkeep
