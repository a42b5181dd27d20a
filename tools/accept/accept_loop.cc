#include "tools/accept/accept_loop.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "keystore/base/guard.h"
#include "keystore/base/log.h"

namespace rootkeep {
namespace {

constexpr int kBreatherMs = 100;  // when connections cannot be accepted, for want of descriptors say

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
  for (const Connection& connection : connections_) watched.push_back({connection.copy.get(), POLLRDHUP, 0});
  if (poll(watched.data(), watched.size(), -1) < 0) {
    return errno == EINTR || poll(watched.data(), 1, kBreatherMs) <= 0;
  }
  if (watched[0].revents != 0) return false;
  // From the end, so that the places of those before do not change.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    const bool over = watched[1 + doors_.size() + i].revents != 0;
    if (over) connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (std::size_t i = 0; i < doors_.size(); ++i) {
    if (watched[1 + i].revents != 0) Accept(i);
  }
  return true;
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
  connections_.push_back({std::move(copy), std::move(admission->place)});
  keeper_->Hand(admission->how, std::move(connection));
}

}  // namespace rootkeep
