// TLS towards a loopback port below gRPC: to offer what no gRPC client offers and to speak single HTTP/2 frames.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"

namespace rootkeep::testing {

// An HTTP/2 connection with these TLS 1.3 cipher suites (OpenSSL's names) and no lower version.
class RawHttp2 {
 public:
  RawHttp2(const std::string& address, const std::string& ciphersuites);

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] std::string cipher() const { return SSL_get_cipher_name(ssl_); }

  // The server's.
  [[nodiscard]] ossl::Cert certificate() const { return ossl::Cert(SSL_get1_peer_certificate(ssl_)); }

  // Sends this many PINGs at once (the first time after preface and SETTINGS), and reads until all are answered or the
  // server closes. How many were answered before a GOAWAY (RFC 9113 §6.7, §6.8), if one came.
  int Ping(int count);

 private:
  bool ReadFully(std::uint8_t* data, std::size_t size);

  ossl::Owned<SSL_CTX, SSL_CTX_free> context_;
  ossl::Bio bio_;
  SSL* ssl_ = nullptr;  // bio_'s
  bool connected_ = false;
  bool greeted_ = false;
};

// Sends a TLS 1.3 ClientHello (RFC 8446 §4.1.2) that offers one key exchange group alone, and no share for it. Whether
// the server went on with the handshake, by asking for the share; otherwise it sent an alert or closed.
bool AcceptsGroup(const std::string& address, std::uint16_t group);

}  // namespace rootkeep::testing
