#include "tools/rootkeepd/caller_sockets.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "keystore/base/guard.h"
#include "keystore/base/log.h"
#include "signer/rpc/handed_connections.h"
#include "tools/process/accounts.h"

namespace rootkeep {
namespace {

constexpr int kBreatherMs = 100;  // when connections cannot be accepted, for want of descriptors say

Result<keysocket::SocketOptions> OptionsOf(const config::ApiCaller& entry) {
  keysocket::SocketOptions options{.name = entry.caller.name,
                                   .path = entry.socket->path,
                                   .owner = {},
                                   .group = {},
                                   .mode = entry.socket->mode,
                                   .grants = {}};
  if (!entry.socket->owner.empty()) {
    RK_TRY(options.owner, UserNumber(entry.socket->owner));
  }
  if (!entry.socket->group.empty()) {
    RK_TRY(options.group, GroupNumber(entry.socket->group));
  }
  return options;
}

Result<std::vector<uid_t>> UsersOf(const config::CallerSocket& socket) {
  std::vector<uid_t> users;
  for (const std::string& name : socket.users) {
    RK_TRY(const uid_t user, UserNumber(name));
    if (std::ranges::find(users, user) == users.end()) users.push_back(user);
  }
  return users;
}

std::optional<ucred> PeerOf(int connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer;
}

}  // namespace

Result<std::unique_ptr<CallerSockets>> CallerSockets::Open(const std::vector<config::ApiCaller>& callers) {
  std::unique_ptr<CallerSockets> out(new CallerSockets());
  std::size_t handed = 0;
  for (const config::ApiCaller& entry : callers) {
    if (!entry.socket) continue;
    RK_TRY(const auto options, OptionsOf(entry));
    RK_TRY(const auto users, UsersOf(*entry.socket));
    RK_TRY(auto listener, keysocket::Listener::Open(options, SOCK_STREAM));
    Socket socket{entry.caller.name, entry.caller.trust_domain, options.path, std::move(listener), {}};
    for (const uid_t user : users) socket.admissions.push_back({user, handed++});
    out->sockets_.push_back(std::move(socket));
  }
  out->end_ = Fd(eventfd(0, EFD_CLOEXEC));
  if (!out->end_.valid()) return ErrnoError("eventfd", errno);
  return out;
}

std::vector<HandedListener> CallerSockets::handed() const {
  std::vector<HandedListener> out;
  for (const Socket& socket : sockets_) {
    for (const Admission& admission : socket.admissions) {
      out.push_back({SocketCredentials({socket.caller, socket.trust_domain, admission.user})});
    }
  }
  return out;
}

std::vector<std::string> CallerSockets::paths() const {
  std::vector<std::string> out;
  for (const Socket& socket : sockets_) out.push_back(socket.path);
  return out;
}

Status CallerSockets::Serve(Server& server) {
  if (sockets_.empty()) return Ok();
  const bool started =
      RunGuarded("caller_sockets_not_started", [&] { thread_ = std::jthread([this, &server] { Watch(server); }); });
  if (!started) return Unavailable("a thread for local sockets could not be started").WithHint("see TasksMax");
  return Ok();
}

void CallerSockets::Stop() {
  if (thread_.joinable()) {
    eventfd_write(end_.get(), 1);
    thread_.join();
  }
  connections_.clear();
  sockets_.clear();
}

void CallerSockets::Watch(Server& server) {
  for (bool goes_on = true; goes_on;) {
    const bool done = RunGuarded("caller_sockets_exception", [&] { goes_on = Round(server); });
    pollfd ending{end_.get(), POLLIN, 0};
    if (!done && poll(&ending, 1, kBreatherMs) > 0) return;
  }
}

bool CallerSockets::Round(Server& server) {
  std::vector<pollfd> watched{{end_.get(), POLLIN, 0}};
  for (const Socket& socket : sockets_) watched.push_back({socket.listener.fd(), POLLIN, 0});
  for (const Connection& connection : connections_) watched.push_back({connection.copy.get(), POLLRDHUP, 0});
  if (poll(watched.data(), watched.size(), -1) < 0) {
    return errno == EINTR || poll(watched.data(), 1, kBreatherMs) <= 0;
  }
  if (watched[0].revents != 0) return false;
  // From the end, so that the places of those before do not change.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    const bool over = watched[1 + sockets_.size() + i].revents != 0;
    if (over) connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    if (watched[1 + i].revents != 0) Accept(sockets_[i], server);
  }
  return true;
}

void CallerSockets::Accept(const Socket& socket, Server& server) {
  Fd connection(accept4(socket.listener.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection.valid()) {
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
    log::Warning("accept_failed", {{"caller", socket.caller}, {"errno", errno}});
    pollfd ending{end_.get(), POLLIN, 0};
    poll(&ending, 1, kBreatherMs);
    return;
  }
  const auto admission = Admit(socket, connection.get());
  if (!admission) return;
  Fd copy(fcntl(connection.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return log::Warning("accept_failed", {{"caller", socket.caller}, {"errno", errno}});
  connections_.push_back({std::move(copy), &socket});
  server.Hand(admission->handed, std::move(connection));
}

std::optional<CallerSockets::Admission> CallerSockets::Admit(const Socket& socket, int connection) const {
  const auto peer = PeerOf(connection);
  const auto refuse = [&](std::string_view why) {
    log::Warning("connection_refused", {{"caller", socket.caller},
                                        {"detail", why},
                                        {"uid", peer ? peer->uid : ~uid_t{0}},
                                        {"pid", peer ? peer->pid : 0}});
    return std::nullopt;
  };
  const auto admission = std::ranges::find_if(
      socket.admissions, [&peer](const Admission& entry) { return peer && entry.user == peer->uid; });
  if (admission == socket.admissions.end()) return refuse("not one of its users");
  const auto open = static_cast<std::size_t>(
      std::ranges::count_if(connections_, [&](const Connection& other) { return other.socket == &socket; }));
  if (open >= kMostConnections) return refuse("too many connections");
  log::Info("caller_connected", {{"caller", socket.caller}, {"uid", peer->uid}, {"pid", peer->pid}});
  return *admission;
}

}  // namespace rootkeep
