// Connections that this process accepted itself, on a local socket that the configuration gives to one caller. gRPC
// tells no service who is at the other end of a Unix socket; whoever accepts a connection can ask the kernel.
#pragma once

#include <grpcpp/security/server_credentials.h>
#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rootkeep {

// Whose connections they are. The same for every call on them, whatever it carries.
struct SocketCaller {
  std::string name;          // as in api_callers
  std::string trust_domain;  // as configured when the socket was opened
  uid_t user = 0;            // of the process at the other end (SO_PEERCRED)

  friend bool operator==(const SocketCaller&, const SocketCaller&) = default;
};

// Credentials for connections of this caller: no bytes of their own on the wire, Unix sockets only, and every call's
// AuthContext says who calls.
std::shared_ptr<grpc::ServerCredentials> SocketCredentials(SocketCaller caller);

// What such credentials say of the call; nothing on every other connection.
std::optional<SocketCaller> SocketCallerOf(const grpc::AuthContext& context);

}  // namespace rootkeep
