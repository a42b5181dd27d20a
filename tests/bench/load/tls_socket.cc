#include "tests/bench/load/tls_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace rootkeep::bench {
namespace {

Result<Fd> Connect(std::uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return ErrnoError("socket", errno);
  const int on = 1;
  if (::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) return ErrnoError("setsockopt", errno);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(fd.get(), generic, sizeof(address)) != 0 && errno != EINPROGRESS) return ErrnoError("connect", errno);
  return fd;
}

}  // namespace

Result<std::unique_ptr<TlsSocket>> TlsSocket::Open(TlsClient& tls, std::uint16_t port, const ClientIdentity* identity) {
  RK_TRY(Fd fd, Connect(port));
  RK_TRY(SessionPtr session, tls.NewSession(identity));
  return std::unique_ptr<TlsSocket>(new TlsSocket(tls, std::move(fd), std::move(session)));
}

TlsSocket::TlsSocket(TlsClient& tls, Fd fd, SessionPtr session)
    : tls_(tls), fd_(std::move(fd)), session_(std::move(session)) {
  gnutls_transport_set_ptr(session_.get(), this);
  gnutls_transport_set_pull_function(session_.get(), &TlsSocket::Pull);
  gnutls_transport_set_vec_push_function(session_.get(), &TlsSocket::Push);
}

TlsSocket::~TlsSocket() {
  if (established_) gnutls_bye(session_.get(), GNUTLS_SHUT_WR);
}

ssize_t TlsSocket::Pull(gnutls_transport_ptr_t self, void* octets, std::size_t size) {
  auto& socket = *static_cast<TlsSocket*>(self);
  if (socket.begin_ == socket.end_) {
    const ssize_t read = ::recv(socket.fd_.get(), socket.incoming_.data(), socket.incoming_.size(), 0);
    if (read <= 0) return read;
    socket.begin_ = 0;
    socket.end_ = static_cast<std::size_t>(read);
  }
  const std::size_t given = std::min(size, socket.end_ - socket.begin_);
  std::memcpy(octets, socket.incoming_.data() + socket.begin_, given);
  socket.begin_ += given;
  return static_cast<ssize_t>(given);
}

ssize_t TlsSocket::Push(gnutls_transport_ptr_t self, const giovec_t* parts, int count) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);  // NOLINT(cppcoreguidelines-pro-type-const-cast): sendmsg only reads it
  message.msg_iovlen = static_cast<std::size_t>(count);
  return ::sendmsg(static_cast<TlsSocket*>(self)->fd_.get(), &message, MSG_NOSIGNAL);
}

Result<std::size_t> TlsSocket::Explain(ssize_t returned, std::string_view call) {
  const int code = static_cast<int>(returned);
  if (code == 0) return Unavailable("the server closed the connection");
  if (gnutls_error_is_fatal(code) != 0) return GnutlsError(code, call);
  wants_write_ = gnutls_record_get_direction(session_.get()) == 1;
  return 0;
}

Status TlsSocket::Advance() {
  const int code = gnutls_handshake(session_.get());
  if (code != GNUTLS_E_SUCCESS) {
    RK_TRY([[maybe_unused]] const std::size_t blocked, Explain(code, "gnutls_handshake"));
    return Ok();
  }
  RK_RETURN_IF_ERROR(tls_.VerifyServer(session_.get()));
  gnutls_datum_t protocol{};
  if (gnutls_alpn_get_selected_protocol(session_.get(), &protocol) < 0) {
    return Unavailable("the server did not choose HTTP/2");
  }
  established_ = true;
  wants_write_ = false;
  return Ok();
}

Result<std::size_t> TlsSocket::Read(std::span<std::uint8_t> bytes) {
  const ssize_t read = gnutls_record_recv(session_.get(), bytes.data(), bytes.size());
  if (read <= 0) return Explain(read, "gnutls_record_recv");
  return static_cast<std::size_t>(read);
}

Result<std::size_t> TlsSocket::Write(ByteView bytes) {
  const ssize_t written = gnutls_record_send(session_.get(), bytes.data(), bytes.size());
  if (written <= 0) return Explain(written, "gnutls_record_send");
  wants_write_ = false;
  return static_cast<std::size_t>(written);
}

}  // namespace rootkeep::bench
