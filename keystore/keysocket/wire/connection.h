// One connection to the agent, and the calls made on it one after the other.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <utility>

#include "keystore/keysocket/wire/messages.h"

namespace rootkeep::keysocket {

using WireDeadline = std::chrono::steady_clock::time_point;

// What became of a call.
enum class Outcome : std::uint8_t {
  kAnswered,
  kLost,    // the agent closed the connection, or is not there; a call that may be made twice may be made again
  kFailed,  // anything else, for good; the connection is of no more use
};

// Whom a connection is of use to, the process and the user who made it, and of which file its descriptor was then.
struct Origin {
  // As it is now.
  static Origin Of(int fd) noexcept;

  [[nodiscard]] bool SameFile(const Origin& other) const noexcept { return inode != 0 && inode == other.inode; }
  friend bool operator==(const Origin&, const Origin&) = default;

  std::uint64_t inode = 0;  // of the socket; 0: it is none
  pid_t process = 0;
  uid_t user = 0;
  gid_t group = 0;
};

// Owns the descriptor. SOCK_SEQPACKET: a message arrives whole or not at all.
class Connection {
 public:
  Connection() noexcept = default;
  // Of a socket that this process and user have made.
  explicit Connection(int fd) noexcept : Connection(fd, Origin::Of(fd)) {}
  Connection(int fd, const Origin& origin) noexcept : fd_(fd), origin_(origin) {}
  Connection(Connection&& other) noexcept : fd_(other.Release()), origin_(other.origin_) {}
  Connection& operator=(Connection&& other) noexcept {
    Close();
    fd_ = other.Release();
    origin_ = other.origin_;
    return *this;
  }
  ~Connection() { Close(); }

  // Connects and agrees on a version. kLost when nobody listens, or nobody takes the connection yet; kFailed with what
  // the agent said, or with the errno. `why` is filled in either case.
  static Outcome Open(std::string_view path, WireDeadline deadline, Connection& out, Failure& why) noexcept;

  // Sends the request and reads its reply into `memory`, which `reply` then points into. `why` is filled unless it was
  // answered; an agent's Failure is an answer.
  Outcome Exchange(const Request& request, WireDeadline deadline, std::span<std::uint8_t> memory, Reply& reply,
                   Failure& why) const noexcept;

  // The two halves of Exchange, for whoever has something else to do until fd() is readable. Receive waits too.
  Outcome Send(const Request& request, WireDeadline deadline, Failure& why) const noexcept;
  Outcome Receive(const Request& request, WireDeadline deadline, std::span<std::uint8_t> memory, Reply& reply,
                  Failure& why) const noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] const Origin& origin() const noexcept { return origin_; }
  [[nodiscard]] int Release() noexcept { return std::exchange(fd_, -1); }
  void Close() noexcept;

 private:
  int fd_ = -1;
  Origin origin_;
};

// Milliseconds until then, rounded up; at least `least`, at most kLongestWaitMs.
std::uint32_t MillisecondsUntil(WireDeadline deadline, std::uint32_t least) noexcept;

// `call` failed with this errno.
Failure ErrnoFailure(FailureCode code, std::string_view reason, std::string_view call, int error) noexcept;

}  // namespace rootkeep::keysocket
