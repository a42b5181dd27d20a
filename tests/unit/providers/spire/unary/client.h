// A client of a server, on a socket.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <string>

#include "providers/spire/unary/server.h"
#include "tests/unit/providers/spire/unary/peer.h"

namespace rootkeep::spire::unary::testing {

inline constexpr std::chrono::seconds kPatience{30};

// One connection, spoken on by the test's thread.
class Client {
 public:
  explicit Client(Server& server) {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    socket_ = Fd(ends[0]);
    admitted = server.Admit(Fd(ends[1]));
  }

  // Speaks until `done`; false when the other side closed first, or nothing came for long.
  template <typename Done>
  bool SpeakUntil(Done done) {
    while (!done()) {
      if (writes_) unsent_ += peer.Pending();
      const ssize_t sent = send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
      if (sent > 0) unsent_.erase(0, static_cast<std::size_t>(sent));
      pollfd watched{socket_.get(), static_cast<short>(POLLIN | (unsent_.empty() ? 0 : POLLOUT)), 0};
      if (poll(&watched, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) != 1) return false;
      if ((watched.revents & ~POLLOUT) != 0 && !Take()) return false;
    }
    return true;
  }
  Reply Ask(std::string_view path, std::string_view message = "") {
    const int stream = peer.AskWith(path, message);
    EXPECT_TRUE(SpeakUntil([&] { return peer.replies[stream].ended; }));
    return peer.replies[stream];
  }
  // What follows is nothing.
  bool IsClosed() {
    (void)SpeakUntil([] { return false; });
    return closed_;
  }
  void WriteNoMore() {
    EXPECT_EQ(shutdown(socket_.get(), SHUT_WR), 0);
    writes_ = false;
  }
  void ReadNoMore() { EXPECT_EQ(shutdown(socket_.get(), SHUT_RD), 0); }
  // The other side has shut down its end.
  bool IsHungUp() {
    pollfd watched{socket_.get(), 0, 0};
    return poll(&watched, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) == 1 &&
           (watched.revents & POLLHUP) != 0;
  }
  void Say(std::string_view octets) { EXPECT_GT(send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL), 0); }

  Peer peer;
  Status admitted = Ok();

 private:
  bool Take() {
    std::array<char, 16384> in{};
    const ssize_t size = recv(socket_.get(), in.data(), in.size(), 0);
    closed_ = size == 0;
    return size > 0 && peer.Take({in.data(), static_cast<std::size_t>(size)});
  }

  Fd socket_;
  bool closed_ = false;
  bool writes_ = true;
  std::string unsent_;
};

}  // namespace rootkeep::spire::unary::testing
