#include "providers/spire/plugin/private_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "keystore/base/log.h"

namespace rootkeep::spire {
namespace {

constexpr std::string_view kPrefix = "rootkeep-spire-";
constexpr const char* kName = "plugin.sock";

constexpr int kAttempts = 5;

// NOT_FOUND when the directory is gone or another user's, UNAVAILABLE when somebody else has the lock; otherwise the
// errno's code.
Result<Fd> LockDirectory(const std::string& directory) {
  Fd lock(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!lock.valid()) return ErrnoError("open " + directory, errno);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? Unavailable(directory + " is locked") : ErrnoError("flock " + directory, errno);
  }
  struct stat info{};
  if (fstat(lock.get(), &info) != 0) return ErrnoError("stat " + directory, errno);
  if (info.st_nlink == 0 || info.st_uid != geteuid()) return NotFound(directory + " is gone, or another user's");
  return lock;
}

bool WasTaken(const Error& error) { return error.code() == Code::kNotFound || error.code() == Code::kUnavailable; }

void RemoveAbandoned(const std::string& parent) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(parent, error), end; !error && it != end; it.increment(error)) {
    if (!it->path().filename().string().starts_with(kPrefix)) continue;
    const Result<Fd> lock = LockDirectory(it->path());
    if (!lock.ok()) continue;
    unlinkat(lock->get(), kName, 0);
    rmdir(it->path().c_str());
  }
}

}  // namespace

Result<PrivateSocket> PrivateSocket::Open(const std::string& parent) {
  RemoveAbandoned(parent);
  for (int attempt = 1;; ++attempt) {
    std::string directory = fmt::format("{}/{}XXXXXX", parent, kPrefix);
    if (mkdtemp(directory.data()) == nullptr) {  // mode 0700
      return ErrnoError("mkdtemp " + directory, errno)
          .WithHint("TMPDIR or PLUGIN_UNIX_SOCKET_DIR in SPIRE's environment names another place");
    }
    PrivateSocket socket(std::move(directory));
    Result<Fd> lock = LockDirectory(socket.directory_);
    if (lock.ok()) {
      socket.lock_ = *std::move(lock);
    } else if (WasTaken(lock.error()) && attempt < kAttempts) {
      continue;  // another process, starting too, took it for abandoned
    } else {
      // As on some network file systems: then another plugin that starts may take it for abandoned.
      log::Warning("spire.socket_not_locked", {{"detail", lock.error().ToString()}});
    }
    RK_RETURN_IF_ERROR(socket.Listen());
    return socket;
  }
}

Status PrivateSocket::Listen() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path();
  if (name.size() >= sizeof address.sun_path) {
    return InvalidArgument(
               fmt::format("{} is longer than the {} octets of a socket's path", name, sizeof address.sun_path - 1))
        .WithHint("TMPDIR or PLUGIN_UNIX_SOCKET_DIR in SPIRE's environment names another place");
  }
  std::memcpy(address.sun_path, name.data(), name.size());
  socket_ = Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_.valid()) return ErrnoError("socket", errno);
  if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return ErrnoError("bind " + name, errno);
  }
  if (listen(socket_.get(), SOMAXCONN) != 0) return ErrnoError("listen on " + name, errno);
  return Ok();
}

PrivateSocket::PrivateSocket(PrivateSocket&& other) noexcept
    : directory_(std::exchange(other.directory_, {})),
      lock_(std::move(other.lock_)),
      socket_(std::move(other.socket_)) {}

void PrivateSocket::Remove() {
  socket_.Reset();
  if (directory_.empty()) return;
  unlink(path().c_str());
  rmdir(directory_.c_str());
  directory_.clear();
  lock_.Reset();
}

}  // namespace rootkeep::spire
