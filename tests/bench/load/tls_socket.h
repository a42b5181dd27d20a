// A non-blocking TCP connection with TLS on it, client side.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/file.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"

namespace rootkeep::bench {

using SslPtr = ossl::Owned<SSL, SSL_free>;
using SslCtxPtr = ossl::Owned<SSL_CTX, SSL_CTX_free>;

// A client certificate with its chain, leaf first, and its key.
struct ClientIdentity {
  ossl::PKey key;
  std::vector<ossl::Cert> chain;
};

// What every connection of a run shares: TLS 1.3, ALPN h2, the trust root, no session resumption. Not thread-safe.
class TlsClient {
 public:
  // Trusts the certificates in the PEM file `roots` and expects `server_name` in the server's certificate.
  static Result<std::unique_ptr<TlsClient>> Create(const std::string& roots, const std::string& server_name);

  // A fresh SSL on `fd`; `identity` may be null.
  Result<SslPtr> NewSession(int fd, const ClientIdentity* identity);

 private:
  explicit TlsClient(std::string server_name) : server_name_(std::move(server_name)) {}
  static int VerifyServer(X509_STORE_CTX* store, void* self);

  std::string server_name_;
  SslCtxPtr ctx_;
  Bytes verified_leaf_;
};

class TlsSocket {
 public:
  // Begins to connect to the IPv4 loopback `port`. The handshake goes on in the calls below.
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
  [[nodiscard]] bool has_pending() const { return SSL_has_pending(ssl_.get()) == 1; }

  // Does what the socket allows of connect and handshake.
  Status Advance();
  // The number of octets read into or written from `bytes`; 0 when the socket would block. UNAVAILABLE at the end.
  Result<std::size_t> Read(std::span<std::uint8_t> bytes);
  Result<std::size_t> Write(ByteView bytes);

 private:
  TlsSocket(Fd fd, SslPtr ssl) : fd_(std::move(fd)), ssl_(std::move(ssl)) {}
  // 0 (would block) or the error behind what an SSL call returned.
  Result<std::size_t> Explain(int returned, std::string_view call);

  Fd fd_;
  SslPtr ssl_;
  bool wants_write_ = true;
  bool established_ = false;
};

}  // namespace rootkeep::bench
