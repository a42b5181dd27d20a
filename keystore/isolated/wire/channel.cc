#include "keystore/isolated/wire/channel.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "keystore/isolated/wire/messages.h"

namespace rootkeep::isolated {
namespace {

Error Gone(const char* call, int error) {
  return Unavailable(fmt::format("{}: the other end is gone", call))
      .WithNative({"errno", static_cast<unsigned>(error)});
}

// Milliseconds for poll, rounded up so that it never returns early; -1 is for ever.
int PollTimeout(std::optional<Deadline> deadline) {
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 24 * 3600 * 1000));
}

struct Ancillary {
  explicit Ancillary(std::size_t sockets) : octets(CMSG_SPACE(sockets * sizeof(int))) {}
  std::vector<char> octets;
};

}  // namespace

Result<std::pair<Channel, Channel>> Channel::Pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return ErrnoError("socketpair", errno);
  return std::pair{Channel(Fd(ends[0])), Channel(Fd(ends[1]))};
}

Status Channel::Wait(short event, std::optional<Deadline> deadline) const {
  for (;;) {
    pollfd entry{.fd = socket_.get(), .events = event, .revents = 0};
    const int ready = poll(&entry, 1, PollTimeout(deadline));
    if (ready > 0) return Ok();
    if (ready == 0) return DeadlineExceeded("the other end did not answer in time");
    if (errno != EINTR) return ErrnoError("poll", errno);
  }
}

Status Channel::Send(ByteView message, Deadline deadline) { return SendWithSockets(message, {}, deadline); }

Status Channel::SendWithSockets(ByteView message, const std::vector<int>& sockets, Deadline deadline) {
  if (message.size() > kMaxMessage) return Internal("message too long for the token host's channel");
  iovec part{.iov_base = const_cast<std::uint8_t*>(message.data()), .iov_len = message.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  Ancillary ancillary(sockets.size());
  if (!sockets.empty()) {
    header.msg_control = ancillary.octets.data();
    header.msg_controllen = ancillary.octets.size();
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sockets.size() * sizeof(int));
    std::memcpy(CMSG_DATA(rights), sockets.data(), sockets.size() * sizeof(int));
  }
  while (sendmsg(socket_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno == EAGAIN) {
      RK_RETURN_IF_ERROR(Wait(POLLOUT, deadline));
    } else if (errno != EINTR) {
      return Gone("sendmsg", errno);
    }
  }
  return Ok();
}

Result<ByteView> Channel::Receive(std::optional<Deadline> deadline) {
  buffer_.resize(kMaxMessage);
  if (deadline) RK_RETURN_IF_ERROR(Wait(POLLIN, deadline));
  ssize_t size = 0;
  do {
    size = recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return Gone("recv", size < 0 ? errno : 0);
  if (static_cast<std::size_t>(size) > buffer_.size()) return Internal("message too long for the token host's channel");
  return ByteView(buffer_).first(static_cast<std::size_t>(size));
}

Result<Channel::WithSockets> Channel::ReceiveWithSockets(std::size_t most) {
  WithSockets received{.message = Bytes(kMaxMessage), .sockets = {}};
  iovec part{.iov_base = received.message.data(), .iov_len = received.message.size()};
  Ancillary ancillary(most);
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = ancillary.octets.data();
  header.msg_controllen = ancillary.octets.size();
  ssize_t size = 0;
  do {
    size = recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return Gone("recvmsg", size < 0 ? errno : 0);
  for (cmsghdr* rights = CMSG_FIRSTHDR(&header); rights != nullptr; rights = CMSG_NXTHDR(&header, rights)) {
    if (rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int socket = -1;
      std::memcpy(&socket, CMSG_DATA(rights) + i * sizeof(int), sizeof socket);
      received.sockets.emplace_back(socket);
    }
  }
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return Internal("message too long for the token host's channel");
  received.message.resize(static_cast<std::size_t>(size));
  return received;
}

}  // namespace rootkeep::isolated
