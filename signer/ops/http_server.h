// The operators' HTTP endpoint: metrics, liveness and readiness. Loopback by default, no secrets, read only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "keystore/base/result.h"
#include "signer/ops/readiness.h"

namespace rootkeep {

// Serves GET and HEAD of /metrics (Prometheus text), /livez ("ok") and /readyz (one line a component; 503 while any is
// not ready). Everything else is 404 or 405. Stops when destroyed.
class HttpServer {
 public:
  struct Parts {
    // The program's metrics as they are now, in Prometheus text format 0.0.4. Asked for on the server's threads.
    std::function<std::string()> scrape;
    const Readiness& readiness;  // outlives the server
  };

  // `address` is host:port with a numeric host; port 0 picks a free one. UNAVAILABLE when it cannot be bound.
  static Result<std::unique_ptr<HttpServer>> Start(const std::string& address, Parts parts);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] int port() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace rootkeep
