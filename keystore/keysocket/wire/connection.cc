#include "keystore/keysocket/wire/connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rootkeep::keysocket {
namespace {

// False when the deadline passed first, or the system does not let anybody wait. A socket whose other end is gone is
// ready.
bool AwaitReady(int fd, short event, WireDeadline deadline) noexcept {
  for (;;) {
    pollfd entry{.fd = fd, .events = event, .revents = 0};
    const std::uint32_t left = MillisecondsUntil(deadline, 0);
    const int ready = poll(&entry, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    if (MillisecondsUntil(deadline, 0) == 0) return false;
  }
}

// The next packet, or nothing with EAGAIN when there is none until then. The socket itself waits: a poll before the
// recv would be one more call and one more wait queue for each signature.
ssize_t ReceiveUntil(int fd, WireDeadline deadline, std::span<std::uint8_t> memory) noexcept {
  const std::uint32_t left = MillisecondsUntil(deadline, 0);
  const timeval wait{.tv_sec = left / 1000, .tv_usec = static_cast<suseconds_t>(left % 1000) * 1000};
  // No time at all would be for ever.
  const bool waits = left > 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0;
  return recv(fd, memory.data(), memory.size(), MSG_TRUNC | (waits ? 0 : MSG_DONTWAIT));
}

bool IsGone(int error) noexcept { return error == EPIPE || error == ECONNRESET || error == ENOTCONN; }

Failure Lost() noexcept {
  return WireFailure(FailureCode::kUnavailable, kReasonAgentLost, "the agent closed the connection");
}

Failure NoAnswer() noexcept {
  return WireFailure(FailureCode::kUnavailable, kReasonAgentTimeout, "the agent did not answer in time");
}

Failure Broken(std::string_view what) noexcept { return WireFailure(FailureCode::kInternal, kReasonAgentBroken, what); }

Outcome Connect(int fd, const sockaddr_un& address, Failure& why) noexcept {
  while (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    if (error == EINTR) continue;
    // EAGAIN: more connections wait to be taken than the agent lets queue.
    const bool passes = error == ECONNREFUSED || error == ENOENT || error == EAGAIN;
    why = ErrnoFailure(passes                ? FailureCode::kUnavailable
                       : error == EACCES     ? FailureCode::kPermissionDenied
                       : error == EPROTOTYPE ? FailureCode::kFailedPrecondition
                                             : FailureCode::kInternal,
                       passes ? kReasonAgentDown : std::string_view(), "connect", error);
    return passes ? Outcome::kLost : Outcome::kFailed;
  }
  return Outcome::kAnswered;
}

Outcome AgreeOnVersion(const Connection& connection, WireDeadline deadline, Failure& why) noexcept {
  const Request hello{.number = 0, .wait_ms = MillisecondsUntil(deadline, 1), .call = HelloCall{}};
  std::array<std::uint8_t, kMaxShortReply> memory;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills it
  Reply reply;
  const Outcome outcome = connection.Exchange(hello, deadline, memory, reply, why);
  if (outcome != Outcome::kAnswered) return outcome;
  if (const auto* failure = std::get_if<Failure>(&reply.reply)) {
    why = *failure;
    return Outcome::kFailed;
  }
  const std::uint16_t version = std::get_if<HelloReply>(&reply.reply)->version;
  if (version >= kLowestVersion && version <= kHighestVersion) return Outcome::kAnswered;
  why = WireFailure(FailureCode::kFailedPrecondition, kReasonAgentVersion, "the agent speaks another version");
  return Outcome::kFailed;
}

}  // namespace

std::uint32_t MillisecondsUntil(WireDeadline deadline, std::uint32_t least) noexcept {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, least, kLongestWaitMs));
}

Failure ErrnoFailure(FailureCode code, std::string_view reason, std::string_view call, int error) noexcept {
  Failure failure = WireFailure(code, reason, call);
  failure.message.Append(": ");
  const char* text = strerrordesc_np(error);
  failure.message.Append(text == nullptr ? "unknown error" : text);
  failure.native_domain = std::string_view("errno");
  failure.native_value = static_cast<std::uint64_t>(error);
  const char* name = strerrorname_np(error);
  failure.native_name = std::string_view(name == nullptr ? "" : name);
  return failure;
}

Origin Origin::Of(int fd) noexcept {
  struct stat info{};
  const bool is_socket = fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode);
  return {.inode = is_socket ? info.st_ino : 0, .process = getpid(), .user = geteuid(), .group = getegid()};
}

void Connection::Close() noexcept {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

Outcome Connection::Open(std::string_view path, WireDeadline deadline, Connection& out, Failure& why) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.front() != '/' || path.size() >= sizeof address.sun_path ||
      path.find('\0') != std::string_view::npos) {
    why = WireFailure(FailureCode::kInvalidArgument, "",
                      "the key socket's path is not absolute, or longer than the 107 octets that one may have");
    return Outcome::kFailed;
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  // Its origin is found out before the agent sees who connects: whoever becomes another user meanwhile does not use it.
  Connection connection(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (connection.fd_ < 0) {
    why = ErrnoFailure(FailureCode::kInternal, "", "socket", errno);
    return Outcome::kFailed;
  }
  Outcome outcome = Connect(connection.fd_, address, why);
  // Only connecting must not wait: the agent may be stuck. What is received is waited for in recv.
  if (outcome == Outcome::kAnswered) (void)fcntl(connection.fd_, F_SETFL, 0);
  if (outcome == Outcome::kAnswered) outcome = AgreeOnVersion(connection, deadline, why);
  if (outcome == Outcome::kAnswered) out = std::move(connection);
  return outcome;
}

Outcome Connection::Send(const Request& request, WireDeadline deadline, Failure& why) const noexcept {
  std::array<std::uint8_t, kMaxRequest - kMaxInput + kMaxName> head;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const std::size_t size = EncodeHead(request, head);
  if (size == 0) {
    why = WireFailure(FailureCode::kInvalidArgument, "", "the request is longer than the key socket takes");
    return Outcome::kFailed;
  }
  // The input goes out from where it is.
  const auto* sign = std::get_if<SignCall>(&request.call);
  std::array<iovec, 2> parts{};
  parts[0] = {.iov_base = head.data(), .iov_len = size};
  if (sign != nullptr) {
    parts[1] = {.iov_base = const_cast<std::uint8_t*>(sign->input.data()), .iov_len = sign->input.size()};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = sign == nullptr ? 1 : 2;
  while (sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    const int error = errno;
    if (error == EINTR) continue;
    if (IsGone(error)) {
      why = Lost();
      return Outcome::kLost;
    }
    if (error != EAGAIN) {
      why = ErrnoFailure(FailureCode::kInternal, "", "sendmsg", error);
      return Outcome::kFailed;
    }
    if (!AwaitReady(fd_, POLLOUT, deadline)) {
      why = NoAnswer();
      return Outcome::kFailed;
    }
  }
  return Outcome::kAnswered;
}

Outcome Connection::Receive(const Request& request, WireDeadline deadline, std::span<std::uint8_t> memory, Reply& reply,
                            Failure& why) const noexcept {
  ssize_t size = -1;
  while ((size = ReceiveUntil(fd_, deadline, memory)) < 0) {
    const int error = errno;
    if (error == EINTR || error == EAGAIN) {
      if (MillisecondsUntil(deadline, 0) > 0) continue;
      why = NoAnswer();
      return Outcome::kFailed;
    }
    why = IsGone(error) ? Lost() : ErrnoFailure(FailureCode::kInternal, "", "recv", error);
    return IsGone(error) ? Outcome::kLost : Outcome::kFailed;
  }
  if (size == 0) {
    why = Lost();
    return Outcome::kLost;
  }
  const auto length = static_cast<std::size_t>(size);
  if (length > memory.size() || !Decode(Octets(memory.data(), length), reply)) {
    why = Broken("what the agent sent is no message");
    return Outcome::kFailed;
  }
  if (!Answers(request, reply)) {
    why = Broken("the agent gave an answer to another call");
    return Outcome::kFailed;
  }
  return Outcome::kAnswered;
}

Outcome Connection::Exchange(const Request& request, WireDeadline deadline, std::span<std::uint8_t> memory,
                             Reply& reply, Failure& why) const noexcept {
  const Outcome sent = Send(request, deadline, why);
  return sent == Outcome::kAnswered ? Receive(request, deadline, memory, reply, why) : sent;
}

}  // namespace rootkeep::keysocket
