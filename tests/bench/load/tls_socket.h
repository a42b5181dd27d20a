// A non-blocking TCP connection with TLS on it, client side.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string_view>

#include "keystore/base/bytes.h"
#include "keystore/base/file.h"
#include "keystore/base/result.h"
#include "tests/bench/load/tls_client.h"

namespace rootkeep::bench {

class TlsSocket {
 public:
  // Begins to connect to the IPv4 loopback `port`. The handshake goes on in the calls below. `tls` and `identity`,
  // which may be null, outlive the socket.
  static Result<std::unique_ptr<TlsSocket>> Open(TlsClient& tls, std::uint16_t port, const ClientIdentity* identity);
  // Says goodbye to the peer as far as the socket takes it, and closes.
  ~TlsSocket();
  TlsSocket(const TlsSocket&) = delete;
  TlsSocket& operator=(const TlsSocket&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  // Whether the last call stopped because the socket would not take more, or was not connected yet.
  [[nodiscard]] bool wants_write() const { return wants_write_; }
  [[nodiscard]] bool established() const { return established_; }
  // Octets already read from the socket that Read has not given out.
  [[nodiscard]] bool has_pending() const { return begin_ < end_ || gnutls_record_check_pending(session_.get()) > 0; }

  // Does what the socket allows of connect and handshake, and then verifies the server.
  Status Advance();
  // The number of octets read into or written from `bytes`; 0 when the socket would block. UNAVAILABLE at the end.
  Result<std::size_t> Read(std::span<std::uint8_t> bytes);
  Result<std::size_t> Write(ByteView bytes);

 private:
  TlsSocket(TlsClient& tls, Fd fd, SessionPtr session);
  // GnuTLS asks for a record's header and body one by one: one read of the socket serves both.
  static ssize_t Pull(gnutls_transport_ptr_t self, void* octets, std::size_t size);
  static ssize_t Push(gnutls_transport_ptr_t self, const giovec_t* parts, int count);
  // 0 (would block) or the error behind what a call returned.
  Result<std::size_t> Explain(ssize_t returned, std::string_view call);

  TlsClient& tls_;
  Fd fd_;
  SessionPtr session_;
  bool wants_write_ = true;
  bool established_ = false;
  std::array<std::uint8_t, 4096> incoming_{};
  std::size_t begin_ = 0;  // of what is left in it
  std::size_t end_ = 0;
};

}  // namespace rootkeep::bench
