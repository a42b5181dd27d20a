// A TCP port where nobody ever says a word: connections to it are made by the kernel.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <string>

#include "keystore/base/file.h"

namespace rootkeep::testing {

class MuteServer {
 public:
  MuteServer() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool listens = bind(socket_.get(), generic, size) == 0 && listen(socket_.get(), 16) == 0 &&
                         getsockname(socket_.get(), generic, &size) == 0;
    EXPECT_TRUE(listens);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  [[nodiscard]] const std::string& address() const { return address_; }

  // Whether somebody connects within that time.
  [[nodiscard]] bool AwaitCaller(std::chrono::milliseconds patience) const {
    pollfd called{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    return poll(&called, 1, static_cast<int>(patience.count())) == 1;
  }

 private:
  Fd socket_;
  std::string address_;
};

}  // namespace rootkeep::testing
