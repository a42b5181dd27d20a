// A gRPC server with our limits: one place for what every listener must bear.
#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "keystore/base/result.h"

namespace rootkeep {

struct ServerListener {
  std::string address;  // host:port (port 0 picks a free one), or unix:/path
  std::shared_ptr<grpc::ServerCredentials> credentials;
};

// A running server and the ports it listens on, in the order of the listeners (0 for Unix sockets).
struct RunningServer {
  std::unique_ptr<grpc::Server> server;
  std::vector<int> ports;
};

// Starts serving `services` (borrowed; they outlive the server) on every listener. UNAVAILABLE when an address cannot
// be bound.
Result<RunningServer> StartServer(const std::vector<ServerListener>& listeners,
                                  const std::vector<grpc::Service*>& services);

}  // namespace rootkeep
