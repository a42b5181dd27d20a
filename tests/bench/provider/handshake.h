// Full TLS handshakes in memory, both sides in the calling thread.
#pragma once

#include <openssl/ssl.h>

#include "tests/bench/provider/ways.h"

namespace rootkeep::bench {

// A server with a key, and a client that checks its certificate. Thread-safe: any number of handshakes at a time.
class TlsPair {
 public:
  // `version` is TLS1_2_VERSION or TLS1_3_VERSION, and nothing else is spoken. Groups and ciphers are OpenSSL's own
  // choice; no tickets and no resumption. The certificate is self-signed with the key. `client` is the client's library
  // context, which must outlive this.
  static Result<TlsPair> Create(const OpenedWay& server, int version, OSSL_LIB_CTX* client);

  // One more, from nothing.
  [[nodiscard]] Status Handshake() const;

 private:
  using SslCtx = ossl::Owned<SSL_CTX, SSL_CTX_free>;

  TlsPair(SslCtx client, SslCtx server) : client_(std::move(client)), server_(std::move(server)) {}

  SslCtx client_;
  SslCtx server_;
};

}  // namespace rootkeep::bench
