#include "keystore/tpm2/flock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "keystore/tpm2/reasons.h"

namespace rootkeep::tpm2 {

Result<Fd> OpenLockFile(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return ErrnoError("open " + path, errno);
  return fd;
}

Status LockBy(const Fd& fd, const std::string& path, Deadline deadline) {
  using std::chrono::microseconds;
  microseconds pause{50};
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return ErrnoError("lock " + path, errno);
    if (std::chrono::steady_clock::now() + pause >= deadline) {
      return Unavailable("wait for " + path).WithReason(kReasonDeadline).WithHint("another process has the lock");
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, microseconds{1000});
  }
  return Ok();
}

}  // namespace rootkeep::tpm2
