// The local sockets of api_callers: who connects is that caller, if the kernel says that it is one of the caller's
// users.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "keystore/base/file.h"
#include "keystore/keysocket/server/listener.h"
#include "signer/rpc/server.h"
#include "tools/config/config.h"

namespace rootkeep {

class CallerSockets {
 public:
  // Open at once on each socket; beyond it they are closed again.
  static constexpr std::size_t kMostConnections = 128;

  // Listens on the sockets of `callers`. Nobody is accepted yet. NOT_FOUND for users and groups that this system does
  // not have; otherwise as keysocket::Listener::Open.
  static Result<std::unique_ptr<CallerSockets>> Open(const std::vector<config::ApiCaller>& callers);
  ~CallerSockets() { Stop(); }
  CallerSockets(const CallerSockets&) = delete;
  CallerSockets& operator=(const CallerSockets&) = delete;

  // What the server is to be started with: one for each user of each socket.
  [[nodiscard]] std::vector<HandedListener> handed() const;

  // From now on, on a thread of its own, connections are accepted and handed to `server`, which was started with
  // handed(). UNAVAILABLE when there can be no thread.
  Status Serve(Server& server);

  // Accepts no more and removes the sockets' files; before the server is shut down. More than once does nothing.
  void Stop();

  // In the order of the configuration.
  [[nodiscard]] std::vector<std::string> paths() const;

 private:
  struct Admission {
    uid_t user;
    std::size_t handed;  // place in handed()
  };
  struct Socket {
    std::string caller;
    std::string trust_domain;
    std::string path;
    keysocket::Listener listener;
    std::vector<Admission> admissions;
  };

  // A descriptor of ours for a connection that the server has, to see its end.
  struct Connection {
    Fd copy;
    const Socket* socket;
  };

  CallerSockets() = default;

  void Watch(Server& server);
  // Waits for something to happen, and does it; false when this ends.
  bool Round(Server& server);
  void Accept(const Socket& socket, Server& server);
  // Whether the connection is let in.
  [[nodiscard]] std::optional<Admission> Admit(const Socket& socket, int connection) const;

  std::vector<Socket> sockets_;
  std::vector<Connection> connections_;  // used by thread_ alone
  Fd end_;
  std::jthread thread_;
};

}  // namespace rootkeep
