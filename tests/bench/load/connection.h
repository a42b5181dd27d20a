// One connection of the generator: TLS and HTTP/2 put together, driven by readiness of its socket.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "keystore/base/result.h"
#include "tests/bench/load/http2_session.h"
#include "tests/bench/load/tls_socket.h"

namespace rootkeep::bench {

class Connection {
 public:
  // Begins to connect; see TlsSocket::Open.
  static Result<std::unique_ptr<Connection>> Open(TlsClient& tls, std::uint16_t port, const std::string& authority,
                                                  const ClientIdentity* identity);

  [[nodiscard]] int fd() const { return socket_->fd(); }
  [[nodiscard]] bool established() const { return socket_->established(); }
  // Whether to wait until the socket takes more, rather than only for what comes in.
  [[nodiscard]] bool wants_write() const { return socket_->wants_write() || !outgoing_.empty(); }

  // Sends `call` once the handshake is done; one call at a time.
  Status Send(const GrpcCall& call);
  // To be called when the socket is ready for either direction. An error ends the connection.
  Status OnReady();
  std::optional<GrpcReply> TakeReply() { return http_->TakeReply(); }

 private:
  Connection(std::unique_ptr<TlsSocket> socket, std::unique_ptr<Http2Session> http)
      : socket_(std::move(socket)), http_(std::move(http)) {}
  Status ReadAll();
  Status Flush();

  std::unique_ptr<TlsSocket> socket_;
  std::unique_ptr<Http2Session> http_;
  std::string outgoing_;
};

}  // namespace rootkeep::bench
