#include "keystore/base/lock_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace rootkeep {
namespace {

constexpr std::size_t kSmallFile = 64;

std::string HolderOf(const std::string& path) {
  const auto text = ReadFile(path, kSmallFile);
  pid_t pid = 0;
  if (!text.ok() || std::from_chars(text->data(), text->data() + text->size(), pid).ec != std::errc()) {
    return "another process";
  }
  return fmt::format("process {}", pid);
}

}  // namespace

Result<Fd> TakeLockFile(const std::string& path, const std::function<Error(const std::string& holder)>& held) {
  Fd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return ErrnoError("open " + path, errno);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return held(HolderOf(path));
    return ErrnoError("lock " + path, errno);
  }
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(lock.get(), 0) != 0 || pwrite(lock.get(), pid.data(), pid.size(), 0) < 0) {
    return ErrnoError("write " + path, errno);
  }
  return lock;
}

}  // namespace rootkeep
