#include "tools/rootkeepd/caller_sockets.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "keystore/base/log.h"
#include "signer/rpc/handed_connections.h"
#include "tools/process/accounts.h"

namespace rootkeep {
namespace {

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
    for (const uid_t user : users) socket.users.push_back({user, handed++});
    out->sockets_.push_back(std::move(socket));
  }
  return out;
}

std::vector<HandedListener> CallerSockets::handed() const {
  std::vector<HandedListener> out;
  for (const Socket& socket : sockets_) {
    for (const User& entry : socket.users) {
      out.push_back({SocketCredentials({socket.caller, socket.trust_domain, entry.user})});
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
  server_ = &server;
  std::vector<AcceptLoop::Door> doors;
  for (const Socket& socket : sockets_) doors.push_back({.listener = socket.listener.fd(), .name = socket.caller});
  return loop_.Start(std::move(doors), *this);
}

void CallerSockets::Stop() {
  loop_.Stop();
  sockets_.clear();
}

std::optional<Doorkeeper::Admission> CallerSockets::Admit(std::size_t door, int connection) {
  const Socket& socket = sockets_[door];
  const auto peer = PeerOf(connection);
  const auto refuse = [&](std::string_view why) {
    log::Warning("connection_refused", {{"caller", socket.caller},
                                        {"detail", why},
                                        {"uid", peer ? peer->uid : ~uid_t{0}},
                                        {"pid", peer ? peer->pid : 0}});
    return std::nullopt;
  };
  const auto user =
      std::ranges::find_if(socket.users, [&peer](const User& entry) { return peer && entry.user == peer->uid; });
  if (user == socket.users.end()) return refuse("not one of its users");
  auto place = places_.Take(user->handed);
  if (place == nullptr) return refuse("too many connections");
  log::Info("caller_connected", {{"caller", socket.caller}, {"uid", peer->uid}, {"pid", peer->pid}});
  return Admission{.place = std::move(place), .how = user->handed};
}

}  // namespace rootkeep
