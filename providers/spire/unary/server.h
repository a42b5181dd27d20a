// A gRPC server of calls with one answer, for a Unix socket and one client at a time.
#pragma once

#include <memory>
#include <vector>

#include "keystore/base/mutex.h"
#include "providers/spire/unary/connection.h"

namespace rootkeep::spire::unary {

// Thread-safe.
class Server {
 public:
  static constexpr std::size_t kMostConnections = 64;  // a thread each; SPIRE has one

  // Octets of all requests together that have not come whole, or whose calls are under way: what is beyond is refused.
  static constexpr std::size_t kMostHeld = std::size_t{64} << 20;

  explicit Server(Methods methods) : methods_(std::move(methods)) {}
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() { Shutdown(Deadline::min()); }

  // Serves a connection that the caller has accepted, which is non-blocking. RESOURCE_EXHAUSTED when there are enough,
  // UNAVAILABLE when there is no thread for it, or after Shutdown.
  Status Admit(Fd connection);
  // Lets no more calls begin, and waits until those under way are answered, or until `deadline`. Once.
  void Shutdown(Deadline deadline);

 private:
  const Methods methods_;
  const std::shared_ptr<RequestBudget> budget_ = std::make_shared<RequestBudget>(kMostHeld);
  Mutex mutex_;
  bool ending_ RK_GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<Connection>> connections_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep::spire::unary
