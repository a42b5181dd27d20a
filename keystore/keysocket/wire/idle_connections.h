// Connections that nobody uses at the moment, for the next call. Without a lock, so that a fork at any moment leaves
// nothing locked in the child.
#pragma once

#include <array>
#include <atomic>

#include "keystore/keysocket/wire/connection.h"

namespace rootkeep::keysocket {

// Thread-safe. A connection is of use to the process that made it only: a child that inherited it would read the
// parent's replies, so it closes its copy. Processes are told apart by getpid(2): a child that is made in a new PID
// namespace by a process that is number 1 itself, and is number 1 too, must not use what it inherited. Nor is one of
// use after the process has become another user: the agent would go on to see the one who connected.
//
// Each processor has a place, where Keep and Take begin on the one that the caller runs on (a hint: it may move at any
// time). An agent's thread that stays with a connection was woken, as a rule, on the processor of the last call; with a
// caller on another one the two of them trade processors at every call.
class IdleConnections {
 public:
  static constexpr std::size_t kMost = 64;

  IdleConnections() noexcept = default;
  IdleConnections(const IdleConnections&) = delete;
  IdleConnections& operator=(const IdleConnections&) = delete;
  ~IdleConnections() { CloseAll(); }

  // The first from this processor's place on. False when there is none. What somebody else has closed meanwhile, as
  // programs do that become daemons, is dropped, and so is never mistaken for the file that has its number now.
  [[nodiscard]] bool Take(Connection& out) noexcept;
  // In the first free place from this processor's on; closed when there is none.
  void Keep(Connection connection) noexcept;
  void CloseAll() noexcept;

 private:
  static constexpr int kFree = -1;
  static constexpr int kTaken = -2;  // being filled or emptied
  struct Slot {
    std::atomic<int> fd{kFree};
    Origin origin;  // belongs to whoever holds the slot
  };

  std::array<Slot, kMost> slots_;
};

}  // namespace rootkeep::keysocket
