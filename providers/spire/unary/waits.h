// What a connection's calls wait for besides its socket.
#pragma once

#include <poll.h>

#include <functional>
#include <span>
#include <vector>

#include "keystore/base/clock.h"

namespace rootkeep::spire::unary {

// The connection's thread's own.
class Waits {
 public:
  // Told whether the descriptor is readable; false: the deadline passed first.
  using Then = std::function<void(bool readable)>;

  // While there are so many, no more calls begin. With four, a token that signs two at once finds the next two there
  // when it has done these; with eight it was no faster.
  static constexpr std::size_t kMost = 4;

  // Until `then` is called, on the connection's thread, or destroyed with the connection; `fd` stays open until then.
  // Throws for want of memory.
  void Add(int fd, Deadline until, Then then) { waits_.push_back({fd, until, std::move(then)}); }
  [[nodiscard]] bool full() const { return waits_.size() >= kMost; }

  // For poll(2): an entry each, and until when.
  void AppendTo(std::vector<pollfd>& watched) const;
  [[nodiscard]] Deadline deadline() const;
  // Those entries, as poll left them.
  void Serve(std::span<const pollfd> watched);

 private:
  struct Wait {
    int fd = -1;
    Deadline until;
    Then then;
  };

  std::vector<Wait> waits_;
};

}  // namespace rootkeep::spire::unary
