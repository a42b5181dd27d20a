// Who is connected to a server: from being accepted to being closed.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "keystore/keysocket/server/peer.h"
#include "keystore/keysocket/server/server.h"

namespace rootkeep::keysocket {
namespace {

// Accepted at a time, so that a flood of connections does not keep a thread from its packets.
constexpr int kAcceptAtOnce = 16;

timeval ToTimeval(std::chrono::milliseconds time) {
  return {.tv_sec = time.count() / 1000, .tv_usec = time.count() % 1000 * 1000};
}

}  // namespace

void Server::Accept(Door& door) {
  for (int i = 0; i < kAcceptAtOnce && !draining_; ++i) {
    // Only a thread that stays with it lets it wait.
    Fd socket(accept4(door.listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.valid()) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      // Without a free descriptor it would only be tried again and again: the next tick opens the door.
      if (errno != EAGAIN) return door.Complain(errno);
      break;
    }
    Admit(door, std::move(socket));
  }
  const MutexLock lock(mutex_);
  door.shut = false;
  if (!draining_) (void)Watch(door.listener.fd(), EPOLLIN | EPOLLONESHOT, door, EPOLL_CTL_MOD);
}

void Server::Admit(Door& door, Fd socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return;
  const int room = 256 * 1024;  // a page of a list fits, whatever the system's default
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  // None at all would be for ever.
  const timeval stay = ToTimeval(std::max(options_.stay, std::chrono::milliseconds(1)));
  if (setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &stay, sizeof stay) != 0) return;
  auto peer =
      std::make_shared<Peer>(door, std::move(socket), Caller{credentials.pid, credentials.uid, credentials.gid});
  bool refused = false;
  {
    const MutexLock lock(mutex_);
    std::size_t& of_caller = door.callers[peer->visitor.caller.uid];
    refused =
        draining_ || door.connections >= options_.max_connections || of_caller >= options_.max_connections_per_caller;
    if (!refused) {
      peers_.emplace(peer->fd.get(), peer);
      ++of_caller;
      ++door.connections;
    }
    if (of_caller == 0) door.callers.erase(peer->visitor.caller.uid);
  }
  if (refused) {
    handler_.audit().Denied(door.options, peer->visitor.caller, "connect", "", "too many connections");
    return;
  }
  if (!Watch(peer->fd.get(), EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, *peer, EPOLL_CTL_ADD)) Close(peer);
}

void Server::Tick() {
  std::uint64_t times = 0;
  (void)!read(timer_.get(), &times, sizeof times);
  const auto now = std::chrono::steady_clock::now();
  {
    const MutexLock lock(mutex_);
    for (const auto& [fd, peer] : peers_) {
      const auto limit = peer->greeted ? options_.idle_limit : options_.hello_patience;
      // Whoever waits for its packet sees the end of it, and closes it.
      if (!peer->busy && now - peer->since.load() > limit) shutdown(fd, SHUT_RDWR);
    }
    for (const auto& door : doors_) {
      if (!draining_ && door->Reopen()) (void)Watch(door->listener.fd(), EPOLLIN | EPOLLONESHOT, *door, EPOLL_CTL_MOD);
    }
  }
  (void)Watch(timer_.get(), EPOLLIN | EPOLLONESHOT, *timer_watched_, EPOLL_CTL_MOD);
}

void Server::Close(const PeerPtr& peer) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, peer->fd.get(), nullptr);
  // The other end is told now: this thread may keep the descriptor while it goes on with others' calls.
  shutdown(peer->fd.get(), SHUT_RDWR);
  const MutexLock lock(mutex_);
  if (peers_.erase(peer->fd.get()) == 0) return;
  Door& door = *peer->door;
  const auto count = door.callers.find(peer->visitor.caller.uid);
  if (--count->second == 0) door.callers.erase(count);
  --door.connections;
  changed_.NotifyAll();
}

void Server::Drain(std::chrono::milliseconds patience) {
  const Deadline limit = After(patience);
  const MutexLock lock(mutex_);
  draining_ = true;
  for (const auto& door : doors_) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, door->listener.fd(), nullptr);
    door->listener.Close();
  }
  for (const auto& [fd, peer] : peers_) {
    if (!peer->busy) shutdown(fd, SHUT_RDWR);
  }
  while (!peers_.empty() && changed_.WaitUntil(mutex_, limit)) {
  }
  refusing_ = true;
}

std::size_t Server::connections() const {
  const MutexLock lock(mutex_);
  return peers_.size();
}

// A number that belonged to a process that has ended may be anybody's.
bool Server::HasConnection(pid_t process, const std::string& token, const LabelParts& key) const {
  const MutexLock lock(mutex_);
  return std::ranges::any_of(peers_, [&](const auto& each) {
    const Visitor& visitor = each.second->visitor;
    return each.second->greeted && visitor.caller.pid == process && MayUse(*visitor.socket, visitor.caller, token, key);
  });
}

}  // namespace rootkeep::keysocket
