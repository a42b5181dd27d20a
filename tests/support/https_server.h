// A small HTTPS server on a free loopback port, for tests of what fetches things.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "keystore/base/file.h"
#include "keystore/base/openssl.h"
#include "tests/support/test_certificate.h"

namespace rootkeep::testing {

struct HttpsRequest {
  std::string path;
  std::string authorization;  // the header's value; empty when absent
};

struct HttpsResponse {
  int status = 200;
  std::string body;
  std::string headers;  // whole lines, each ended by CR LF
};

// Answers one connection at a time, one request each, on a thread of its own.
class HttpsServer {
 public:
  using Handler = std::function<HttpsResponse(const HttpsRequest&)>;

  // Takes a port, on which connections are refused until Listen().
  HttpsServer(const Identity& identity, Handler handler);
  HttpsServer(const HttpsServer&) = delete;
  HttpsServer& operator=(const HttpsServer&) = delete;
  ~HttpsServer();

  void Listen();

  // "https://localhost:<port><path>".
  [[nodiscard]] std::string Url(const std::string& path) const;
  // Requests answered so far.
  [[nodiscard]] int requests() const { return requests_; }

 private:
  void Run();
  void Serve(int socket);

  Handler handler_;
  ossl::Owned<SSL_CTX, SSL_CTX_free> tls_;
  Fd listener_;
  Fd wake_;  // readable once the server is to end
  int port_ = 0;
  std::atomic<int> requests_{0};
  std::thread thread_;
};

}  // namespace rootkeep::testing
