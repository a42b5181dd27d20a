// A gRPC server with our limits: one place for what every listener must bear.
#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "keystore/base/file.h"
#include "keystore/base/result.h"
#include "signer/rpc/event.h"

namespace rootkeep {

struct ServerListener {
  std::string address;  // host:port (port 0 picks a free one), or unix:/path
  std::shared_ptr<grpc::ServerCredentials> credentials;
};

// Connections that come by Server::Hand.
struct HandedListener {
  std::shared_ptr<grpc::ServerCredentials> credentials;
};

// A running server, its queues and the threads that poll them: one for every two processors, because signing and the
// ledger need the others.
class Server {
 public:
  // Starts serving `services` (borrowed; they outlive the server) on every listener. UNAVAILABLE when an address cannot
  // be bound.
  static Result<std::unique_ptr<Server>> Start(const std::vector<ServerListener>& listeners,
                                               const std::vector<QueuedService*>& services,
                                               const std::vector<HandedListener>& handed = {});
  ~Server();  // shuts down at once
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // In the order of the listeners, 0 for Unix sockets.
  [[nodiscard]] const std::vector<int>& ports() const { return ports_; }

  // Serves a connection that the caller has accepted, under the credentials of handed[`index`]. Thread-safe; not after
  // Shutdown.
  void Hand(std::size_t index, Fd connection);

  // Takes no new calls, lets those under way finish until `deadline`, and returns when the last connection is closed.
  // Whatever is answered later is dropped: nobody is there to hear it. More than once does nothing. Not thread-safe.
  void Shutdown(std::chrono::system_clock::time_point deadline);

 private:
  Server() = default;

  const std::shared_ptr<CallGate> gate_ = std::make_shared<CallGate>();
  std::vector<int> ports_;
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues_;
  std::vector<CallQueue> calls_;  // one for each queue
  std::vector<std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor>> acceptors_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::jthread> pollers_;
};

}  // namespace rootkeep
