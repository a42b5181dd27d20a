// What a gRPC server context tells about the other side, as a CallContext.
#pragma once

#include <grpcpp/server_context.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/clock.h"
#include "signer/authn/authenticator.h"
#include "signer/rpc/handed_connections.h"

namespace rootkeep {

// Borrows from the context, which outlives it.
class Peer {
 public:
  explicit Peer(const grpc::ServerContextBase& context);

  [[nodiscard]] CallContext call() const {
    return {.client_certificate_pem = certificate_pem_,
            .authorization = authorization_,
            .cluster_id = cluster_id_,
            .key_evidence = key_evidence_ ? &*key_evidence_ : nullptr,
            .peer = address_};
  }
  [[nodiscard]] const std::string& address() const { return address_; }
  // Whether the connection is a TLS one.
  [[nodiscard]] bool encrypted() const { return encrypted_; }
  // Who has the local socket that the connection came by; nothing on every other.
  [[nodiscard]] const std::optional<SocketCaller>& socket_caller() const { return socket_caller_; }
  // The client's deadline; far away when it set none.
  [[nodiscard]] Deadline deadline() const { return deadline_; }

 private:
  std::string address_;
  bool encrypted_ = false;
  std::optional<SocketCaller> socket_caller_;
  std::string_view certificate_pem_;
  std::vector<std::string_view> authorization_;
  std::string_view cluster_id_;
  std::optional<attestation::KeyEvidence> key_evidence_;  // without anything in it when it could not be read
  Deadline deadline_;
};

}  // namespace rootkeep
