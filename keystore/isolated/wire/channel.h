// One end of a private socket pair that keeps messages apart.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/file.h"
#include "keystore/base/result.h"

namespace rootkeep::isolated {

// SOCK_SEQPACKET: a message arrives whole or not at all. Used by one thread at a time.
class Channel {
 public:
  explicit Channel(Fd socket) : socket_(std::move(socket)) {}

  // Two ends, neither inherited by other programs.
  static Result<std::pair<Channel, Channel>> Pair();

  // UNAVAILABLE when the other end is gone, DEADLINE_EXCEEDED when it made no room in time.
  Status Send(ByteView message, Deadline deadline);

  // The next message; valid until the next call. Without a deadline it waits for ever. UNAVAILABLE when the other end
  // is gone, DEADLINE_EXCEEDED when nothing came in time, INTERNAL for a message longer than kMaxMessage.
  Result<ByteView> Receive(std::optional<Deadline> deadline);

  // The same with sockets beside the message. More sockets than `most` are an error, and closed.
  Status SendWithSockets(ByteView message, const std::vector<int>& sockets, Deadline deadline);
  struct WithSockets {
    Bytes message;
    std::vector<Fd> sockets;
  };
  Result<WithSockets> ReceiveWithSockets(std::size_t most);

  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  Status Wait(short event, std::optional<Deadline> deadline) const;

  Fd socket_;
  Bytes buffer_;  // of kMaxMessage octets once something has been received
};

}  // namespace rootkeep::isolated
