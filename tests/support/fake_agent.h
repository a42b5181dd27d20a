// An agent that says what a test wants, on a real socket.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "keystore/base/file.h"
#include "keystore/base/mutex.h"
#include "keystore/keysocket/wire/messages.h"

namespace rootkeep::keysocket {

class FakeAgent {
 public:
  // The octets of a reply; empty closes the connection. A hello is answered before this is asked.
  using Answer = std::function<std::vector<std::uint8_t>(const Request&)>;

  FakeAgent(std::string path, Answer answer, std::uint16_t version = kHighestVersion);
  FakeAgent(const FakeAgent&) = delete;
  FakeAgent& operator=(const FakeAgent&) = delete;
  // Closes the socket and every connection.
  ~FakeAgent();

  static std::vector<std::uint8_t> Octets(const Reply& reply);
  // Signs with the input itself, turned round.
  static std::vector<std::uint8_t> Sign(const Request& request);

  [[nodiscard]] int connections() const { return connections_; }
  // But for hellos.
  [[nodiscard]] int requests() const { return requests_; }

 private:
  void Accept();
  void Serve(int fd);

  const std::string path_;
  const Answer answer_;
  const std::uint16_t version_;
  std::atomic<int> connections_{0};
  std::atomic<int> requests_{0};
  Fd listener_;
  Mutex mutex_;
  std::vector<Fd> fds_ RK_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ RK_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

}  // namespace rootkeep::keysocket
