// Accepts connections, asks who is let in, and knows which are still served. A gRPC server begins to answer whoever
// connects; a server that is handed its connections answers only those that somebody has looked at.
#pragma once

#include <poll.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "keystore/base/file.h"
#include "keystore/base/result.h"

namespace rootkeep {

// Whom the loop asks, on its own thread.
class Doorkeeper {
 public:
  struct Admission {
    std::shared_ptr<void> place;  // kept until the connection has ended and whoever serves it has closed it
    std::size_t how = 0;          // for Hand
  };

  Doorkeeper() = default;
  Doorkeeper(const Doorkeeper&) = delete;
  Doorkeeper& operator=(const Doorkeeper&) = delete;
  virtual ~Doorkeeper() = default;

  // Whether what came in by this door is let in; it is closed otherwise, without an octet.
  virtual std::optional<Admission> Admit(std::size_t door, int connection) = 0;
  // Serves a connection that was let in, on this very descriptor.
  virtual void Hand(std::size_t how, Fd connection) = 0;
};

class AcceptLoop {
 public:
  struct Door {
    int listener;      // does not block
    std::string name;  // for the log
  };

  AcceptLoop() = default;
  ~AcceptLoop() { Stop(); }
  AcceptLoop(const AcceptLoop&) = delete;
  AcceptLoop& operator=(const AcceptLoop&) = delete;

  // Once. Accepts on a thread of its own until Stop, up to which listeners and `keeper` live. UNAVAILABLE when there
  // can be no thread, and the errno's code.
  Status Start(std::vector<Door> doors, Doorkeeper& keeper);
  // Accepts no more, and gives the places back; connections that were handed on stay. More than once does nothing.
  void Stop();

 private:
  // One that somebody else serves.
  struct Connection {
    Fd copy;     // to see its end
    int served;  // the descriptor of who serves it, while it is one
    std::shared_ptr<void> place;
    bool over = false;  // but perhaps served still: a handshake may wait for its signature
  };

  void Watch();
  // Waits for something to happen, and does it; false when this ends.
  bool Round();
  void Accept(std::size_t door);
  // Gives back the places of those that are over, as `watched` says of the last of it, and closed.
  void LetGo(std::span<const pollfd> watched);

  std::vector<Door> doors_;
  Doorkeeper* keeper_ = nullptr;
  std::vector<Connection> connections_;  // used by thread_ alone
  Fd end_;
  std::jthread thread_;
};

}  // namespace rootkeep
