#include "keystore/tpm2/process_turn.h"

#include <sys/file.h>

#include <utility>

#include "keystore/tpm2/flock.h"

namespace rootkeep::tpm2 {

Status ProcessTurn::OpenFiles() {
  if (!turn_.valid()) {
    RK_TRY(turn_, OpenLockFile(path_));
  }
  if (!next_.valid()) {
    RK_TRY(next_, OpenLockFile(path_ + ".next"));
  }
  return Ok();
}

Status ProcessTurn::Take(Deadline deadline) {
  if (held_) return Ok();
  RK_RETURN_IF_ERROR(OpenFiles());
  RK_RETURN_IF_ERROR(LockBy(next_, path_, deadline));
  const Status taken = LockBy(turn_, path_, deadline);
  flock(next_.get(), LOCK_UN);
  held_ = taken.ok();
  return taken;
}

bool ProcessTurn::Wanted() const {
  if (!held_) return false;
  if (flock(next_.get(), LOCK_SH | LOCK_NB) != 0) return true;
  flock(next_.get(), LOCK_UN);
  return false;
}

void ProcessTurn::Release() {
  if (std::exchange(held_, false)) flock(turn_.get(), LOCK_UN);
}

}  // namespace rootkeep::tpm2
