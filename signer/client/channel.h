// One TLS connection to a rootkeepd (or istiod), for our own programs.
#pragma once

#include <memory>
#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "keystore/base/secret_bytes.h"

namespace grpc {
class Channel;
class ClientContext;
class Status;
}  // namespace grpc

namespace rootkeep {

struct ChannelOptions {
  std::string address;   // host:port
  std::string root_pem;  // what the server's certificate must chain to
  // The host that the server's certificate must be for (host_check.h); empty: that of `address`.
  std::string server_name;
  // A client certificate with its chain, leaf first, and its key; both empty for none.
  std::string certificate_chain_pem;
  SecretBytes private_key_pem;
  // For a program that calls again and again: a connection is never given up for being idle, a server that is gone
  // without a word is noticed within 30 s, and an attempt to connect ends after 3 s.
  bool stays = false;
};

// Does not connect yet; the first call does. Goes straight to the address, whatever proxy the environment names, and
// shares its connection with no other channel. INVALID_ARGUMENT when an option is missing or one half of two.
Result<std::shared_ptr<grpc::Channel>> OpenChannel(const ChannelOptions& options);

// Without TLS, for health checks and for callers whom their socket proves, on this machine: `address` is
// 127.0.0.1:port, [::1]:port or unix:/path. INVALID_ARGUMENT for any other.
Result<std::shared_ptr<grpc::Channel>> OpenLoopbackChannel(const std::string& address);

// Gives the call what is left until `deadline`.
void SetDeadline(grpc::ClientContext& context, Deadline deadline);

// A failed call as an error with the same code; `call` names it. `status` is not OK.
Error FromGrpc(const char* call, const grpc::Status& status);

}  // namespace rootkeep
