// The local sockets of api_callers: who connects is that caller, if the kernel says that it is one of the caller's
// users.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "keystore/base/file.h"
#include "keystore/keysocket/server/listener.h"
#include "signer/rpc/server.h"
#include "tools/accept/accept_loop.h"
#include "tools/accept/connection_places.h"
#include "tools/config/config.h"

namespace rootkeep {

class CallerSockets final : private Doorkeeper {
 public:
  // Open at once of each user of each socket; beyond it they are closed again.
  static constexpr std::size_t kMostConnections = 128;

  // Listens on the sockets of `callers`. Nobody is accepted yet. NOT_FOUND for users and groups that this system does
  // not have; otherwise as keysocket::Listener::Open.
  static Result<std::unique_ptr<CallerSockets>> Open(const std::vector<config::ApiCaller>& callers);
  ~CallerSockets() override { Stop(); }

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
  struct User {
    uid_t user;
    std::size_t handed;  // place in handed()
  };
  struct Socket {
    std::string caller;
    std::string trust_domain;
    std::string path;
    keysocket::Listener listener;
    std::vector<User> users;
  };

  CallerSockets() = default;

  std::optional<Admission> Admit(std::size_t door, int connection) override;
  void Hand(std::size_t how, Fd connection) override { server_->Hand(how, std::move(connection)); }

  std::vector<Socket> sockets_;
  Server* server_ = nullptr;
  ConnectionPlaces<std::size_t> places_{{.all = SIZE_MAX, .each = kMostConnections}};  // by place in handed()
  AcceptLoop loop_;
};

}  // namespace rootkeep
