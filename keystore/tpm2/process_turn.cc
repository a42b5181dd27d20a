#include "keystore/tpm2/process_turn.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "keystore/tpm2/reasons.h"

namespace rootkeep::tpm2 {
namespace {

Result<Fd> OpenLock(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return ErrnoError("open " + path, errno);
  return fd;
}

// flock(2) waits for ever or not at all.
Status Lock(const Fd& fd, const std::string& path, Deadline deadline) {
  using std::chrono::microseconds;
  microseconds pause{50};
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return ErrnoError("lock " + path, errno);
    if (std::chrono::steady_clock::now() + pause >= deadline) {
      return Unavailable("wait for another process to be done with the TPM (" + path + ")").WithReason(kReasonDeadline);
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, microseconds{1000});
  }
  return Ok();
}

}  // namespace

Status ProcessTurn::OpenFiles() {
  if (!turn_.valid()) {
    RK_TRY(turn_, OpenLock(path_));
  }
  if (!next_.valid()) {
    RK_TRY(next_, OpenLock(path_ + ".next"));
  }
  return Ok();
}

Status ProcessTurn::Take(Deadline deadline) {
  if (held_) return Ok();
  RK_RETURN_IF_ERROR(OpenFiles());
  RK_RETURN_IF_ERROR(Lock(next_, path_, deadline));
  const Status taken = Lock(turn_, path_, deadline);
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
