#include "providers/spire/plugin/door.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "keystore/base/guard.h"

namespace rootkeep::spire {
namespace {

constexpr int kBreatherMs = 100;  // when connections cannot be accepted, for want of descriptors say

}  // namespace

Result<std::unique_ptr<Door>> Door::Open(int listener, uid_t user, std::function<void(Fd)> admitted,
                                         std::function<void()> orphaned) {
  std::unique_ptr<Door> door(new Door(listener, user, std::move(admitted), std::move(orphaned)));
  door->parent_ = Fd(static_cast<int>(syscall(SYS_pidfd_open, getppid(), 0)));
  door->close_ = Fd(eventfd(0, EFD_CLOEXEC));
  if (!door->close_.valid()) return ErrnoError("eventfd", errno);
  if (!RunGuarded("spire.thread_not_started", [&door] { door->thread_ = std::jthread([&d = *door] { d.Watch(); }); })) {
    return Unavailable("a thread could not be started");
  }
  return door;
}

Door::~Door() { eventfd_write(close_.get(), 1); }

void Door::Watch() {
  std::array<pollfd, 3> watched = {pollfd{close_.get(), POLLIN, 0}, pollfd{parent_.get(), POLLIN, 0},
                                   pollfd{listener_, POLLIN, 0}};
  while (true) {
    if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) poll(watched.data(), 1, kBreatherMs);
    if (watched[0].revents != 0) return;
    if (watched[1].revents != 0) {
      RunGuarded("spire.exception", orphaned_);
      watched[1].fd = -1;
    }
    if (watched[2].revents != 0) RunGuarded("spire.exception", [this] { Admit(); });
  }
}

bool Door::IsOurs(int connection) const {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  if (peer.uid == user_) return true;
  log::Warning("spire.connection_refused", {{"uid", peer.uid}, {"pid", peer.pid}});
  return false;
}

void Door::Admit() {
  Fd connection(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection.valid()) {
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
    log::Warning("spire.accept_failed", {{"errno", errno}});
    pollfd closing{close_.get(), POLLIN, 0};
    poll(&closing, 1, kBreatherMs);
    return;
  }
  if (IsOurs(connection.get())) admitted_(std::move(connection));
}

}  // namespace rootkeep::spire
