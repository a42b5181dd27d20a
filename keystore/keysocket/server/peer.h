// What the server watches: its sockets, and the connections made to them. Private to this folder.
#pragma once

#include <fmt/format.h>

#include "keystore/base/log.h"
#include "keystore/keysocket/server/server.h"

namespace rootkeep::keysocket {

struct Server::Watched {
  enum class Kind : std::uint8_t { kDoor, kPeer, kTimer, kEnd };
  Kind kind;
};

struct Server::Door : Watched {
  Door(const SocketOptions& socket, Listener open) : Watched{Kind::kDoor}, options(socket), listener(std::move(open)) {}

  void Complain(int error) const {
    log::Warning("keysocket.accept_failed", {{"socket", options.name}, {"errno", error}});
  }
  bool Reopen() { return shut.exchange(false); }

  const SocketOptions& options;
  Listener listener;
  std::atomic<bool> shut{false};
  // Guarded by the server's mutex.
  std::size_t connections = 0;
  std::map<uid_t, std::size_t> callers;  // that have connections, and how many
};

// One connection. Belongs to the thread that got its packet until it is watched again.
struct Server::Peer : Watched, std::enable_shared_from_this<Peer> {
  Peer(Door& by, Fd end, const Caller& caller)
      : Watched{Kind::kPeer},
        door(&by),
        fd(std::move(end)),
        visitor{&by.options, caller, fmt::format("{}/{}", by.options.name, caller.uid)} {}

  Door* const door;
  const Fd fd;
  const Visitor visitor;
  std::atomic<bool> greeted{false};
  std::atomic<bool> busy{false};
  std::atomic<std::chrono::steady_clock::time_point> since{std::chrono::steady_clock::now()};
};

// For one request and its reply.
struct Server::Memory {
  Bytes request = Bytes(kMaxRequest);
  Bytes reply = Bytes(kMaxReply);
};

}  // namespace rootkeep::keysocket
