#include "keystore/keysocket/server/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "keystore/base/lock_file.h"

namespace rootkeep::keysocket {
namespace {

constexpr int kBacklog = 1024;

Result<sockaddr_un> AddressOf(const SocketOptions& options) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (!options.path.starts_with('/') || options.path.size() >= sizeof address.sun_path) {
    return InvalidArgument(fmt::format("socket {}: its path is not absolute, or longer than {} octets", options.name,
                                       sizeof address.sun_path - 1));
  }
  std::memcpy(address.sun_path, options.path.data(), options.path.size());
  return address;
}

Status CheckDirectory(const SocketOptions& options) {
  const std::string directory = options.path.substr(0, std::max<std::size_t>(options.path.rfind('/'), 1));
  struct stat info{};
  if (stat(directory.c_str(), &info) != 0) return ErrnoError("stat " + directory, errno);
  const bool sticky = (info.st_mode & S_ISVTX) != 0;
  const bool others = (info.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky;
  if (!others && (info.st_uid == 0 || info.st_uid == geteuid())) return Ok();
  return FailedPrecondition(
             fmt::format("socket {}: others than root and this process can change {}", options.name, directory))
      .WithHint("they could put a socket of their own there; chmod go-w, or another directory");
}

// The lock is held: whoever listened there is dead, or is not one of us.
Status RemoveDeadSocket(const SocketOptions& options, const sockaddr_un& address, int type) {
  struct stat info{};
  if (lstat(options.path.c_str(), &info) != 0) {
    return errno == ENOENT ? Ok() : Status(ErrnoError("stat " + options.path, errno));
  }
  if (!S_ISSOCK(info.st_mode)) {
    return FailedPrecondition(fmt::format("socket {}: {} is there and is no socket", options.name, options.path));
  }
  const Fd probe(socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno != ECONNREFUSED) {
    return FailedPrecondition(fmt::format("socket {}: another program listens on {}", options.name, options.path));
  }
  if (unlink(options.path.c_str()) != 0) return ErrnoError("unlink " + options.path, errno);
  return Ok();
}

}  // namespace

Listener::Listener(Listener&& other) noexcept
    : socket_(std::move(other.socket_)),
      lock_(std::move(other.lock_)),
      path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

void Listener::Close() {
  socket_.Reset();
  if (!path_.empty()) {
    struct stat info{};
    const bool ours = lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
    if (ours) unlink(path_.c_str());
    path_.clear();
  }
  lock_.Reset();
}

Result<Listener> Listener::Open(const SocketOptions& options, int type) {
  RK_TRY(const sockaddr_un address, AddressOf(options));
  RK_RETURN_IF_ERROR(CheckDirectory(options));
  Listener listener;
  RK_TRY(listener.lock_, TakeLockFile(options.path + ".lock", [&options](const std::string& holder) {
           return FailedPrecondition(fmt::format("socket {}: {} serves {}", options.name, holder, options.path));
         }));
  RK_RETURN_IF_ERROR(RemoveDeadSocket(options, address, type));
  listener.socket_ = Fd(socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.socket_.valid()) return ErrnoError("socket", errno);
  const int fd = listener.socket_.get();
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return ErrnoError("bind " + options.path, errno);
  }
  struct stat info{};
  if (lstat(options.path.c_str(), &info) != 0) return ErrnoError("stat " + options.path, errno);
  listener.path_ = options.path;
  listener.device_ = info.st_dev;
  listener.inode_ = info.st_ino;
  const uid_t owner = options.owner.value_or(static_cast<uid_t>(-1));
  const gid_t group = options.group.value_or(static_cast<gid_t>(-1));
  if ((options.owner || options.group) && lchown(options.path.c_str(), owner, group) != 0) {
    return ErrnoError("chown " + options.path, errno);
  }
  if (chmod(options.path.c_str(), options.mode) != 0) return ErrnoError("chmod " + options.path, errno);
  // Until now nobody could connect.
  if (listen(fd, kBacklog) != 0) return ErrnoError("listen on " + options.path, errno);
  return listener;
}

Result<Listener> Listener::Adopt(Fd socket, const std::string& name) {
  int type = 0;
  int listens = 0;
  socklen_t size = sizeof type;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
      getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || type != SOCK_SEQPACKET ||
      listens == 0) {
    return FailedPrecondition(fmt::format("socket {}: what was handed over does not listen for packets", name))
        .WithHint("ListenSequentialPacket= in its .socket unit");
  }
  // systemd's are blocking: whoever accepts would wait for one more than there are, and end with nobody.
  const int flags = fcntl(socket.get(), F_GETFL);
  if (flags < 0 || fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0) return ErrnoError("fcntl", errno);
  Listener listener;
  listener.socket_ = std::move(socket);
  return listener;
}

}  // namespace rootkeep::keysocket
