#include "tools/accept/accept_loop.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "keystore/base/guard.h"
#include "keystore/base/log.h"

namespace rootkeep {
namespace {

constexpr int kBreatherMs = 100;   // when connections cannot be accepted, for want of descriptors say
constexpr int kCloseCheckMs = 50;  // nothing tells that a descriptor of somebody else's was closed

// Of one socket; the number of one that was closed may be another's.
bool AreOne(int copy, int served) {
  struct stat ours{};
  struct stat theirs{};
  return fstat(copy, &ours) == 0 && fstat(served, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
         ours.st_ino == theirs.st_ino;
}

}  // namespace

Status AcceptLoop::Start(std::vector<Door> doors, Doorkeeper& keeper) {
  doors_ = std::move(doors);
  keeper_ = &keeper;
  end_ = Fd(eventfd(0, EFD_CLOEXEC));
  if (!end_.valid()) return ErrnoError("eventfd", errno);
  const bool started = RunGuarded("accept_loop_not_started", [this] { thread_ = std::jthread([this] { Watch(); }); });
  if (!started) return Unavailable("a thread that accepts could not be started").WithHint("see TasksMax");
  return Ok();
}

void AcceptLoop::Stop() {
  if (thread_.joinable()) {
    eventfd_write(end_.get(), 1);
    thread_.join();
  }
  connections_.clear();
}

void AcceptLoop::Watch() {
  for (bool goes_on = true; goes_on;) {
    const bool done = RunGuarded("accept_loop_exception", [&] { goes_on = Round(); });
    pollfd ending{end_.get(), POLLIN, 0};
    if (!done && poll(&ending, 1, kBreatherMs) > 0) return;
  }
}

bool AcceptLoop::Round() {
  std::vector<pollfd> watched{{end_.get(), POLLIN, 0}};
  for (const Door& door : doors_) watched.push_back({door.listener, POLLIN, 0});
  for (const Connection& connection : connections_) {
    watched.push_back({connection.over ? -1 : connection.copy.get(), POLLRDHUP, 0});
  }
  const int patience = std::ranges::any_of(connections_, &Connection::over) ? kCloseCheckMs : -1;
  if (poll(watched.data(), watched.size(), patience) < 0) {
    return errno == EINTR || poll(watched.data(), 1, kBreatherMs) <= 0;
  }
  if (watched[0].revents != 0) return false;
  LetGo(std::span(watched).last(connections_.size()));
  for (std::size_t i = 0; i < doors_.size(); ++i) {
    if (watched[1 + i].revents != 0) Accept(i);
  }
  return true;
}

void AcceptLoop::LetGo(std::span<const pollfd> watched) {
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (watched[i].revents != 0) connections_[i].over = true;
  }
  std::erase_if(connections_, [](const Connection& connection) {
    return connection.over && !AreOne(connection.copy.get(), connection.served);
  });
}

void AcceptLoop::Accept(std::size_t door) {
  const auto warn = [&] { log::Warning("accept_failed", {{"listener", doors_[door].name}, {"errno", errno}}); };
  Fd connection(accept4(doors_[door].listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection.valid()) {
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
    warn();
    pollfd ending{end_.get(), POLLIN, 0};
    poll(&ending, 1, kBreatherMs);
    return;
  }
  auto admission = keeper_->Admit(door, connection.get());
  if (!admission) return;
  Fd copy(fcntl(connection.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return warn();
  connections_.push_back({std::move(copy), connection.get(), std::move(admission->place)});
  keeper_->Hand(admission->how, std::move(connection));
}

}  // namespace rootkeep
