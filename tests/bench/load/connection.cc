#include "tests/bench/load/connection.h"

#include <array>

namespace rootkeep::bench {

Result<std::unique_ptr<Connection>> Connection::Open(TlsClient& tls, std::uint16_t port, const std::string& authority,
                                                     const ClientIdentity* identity) {
  RK_TRY(auto socket, TlsSocket::Open(tls, port, identity));
  RK_TRY(auto http, Http2Session::Create(authority));
  return std::unique_ptr<Connection>(new Connection(std::move(socket), std::move(http)));
}

Status Connection::Send(const GrpcCall& call) {
  RK_RETURN_IF_ERROR(http_->Submit(call));
  return established() ? Flush() : Ok();
}

Status Connection::OnReady() {
  if (!established()) {
    RK_RETURN_IF_ERROR(socket_->Advance());
    if (!established()) return Ok();
    // What came with the handshake's last octets is no longer in the socket, so nothing would announce it.
    if (!socket_->has_pending()) return Flush();
  }
  RK_RETURN_IF_ERROR(ReadAll());
  return Flush();
}

Status Connection::ReadAll() {
  std::array<std::uint8_t, 16384> buffer;  // the most a TLS record holds
  do {
    // None, too, after a record that was for TLS only; more may have come with it.
    RK_TRY(const std::size_t size, socket_->Read(buffer));
    if (size > 0) RK_RETURN_IF_ERROR(http_->Receive({buffer.data(), size}));
  } while (socket_->has_pending());
  return Ok();
}

Status Connection::Flush() {
  RK_RETURN_IF_ERROR(http_->AppendPending(outgoing_));
  while (!outgoing_.empty()) {
    RK_TRY(const std::size_t size, socket_->Write(AsBytes(outgoing_)));
    if (size == 0) return Ok();
    outgoing_.erase(0, size);
  }
  return Ok();
}

}  // namespace rootkeep::bench
