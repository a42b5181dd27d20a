// TLS for our listeners: a serving certificate that is replaced without restart, client certificates verified if given.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "signer/rpc/memory_file.h"

namespace rootkeep {

// What a TLS listener shows and trusts. gRPC 1.51 reloads only from paths, so key, chain and roots live in memory
// files that it polls every second. Thread-safe.
class ServingIdentity {
 public:
  // `private_key_pem` stays the same for the life of the process: only certificates are renewed, so that key and
  // certificate always match. `client_roots_pem` is what client certificates are verified against.
  static Result<std::unique_ptr<ServingIdentity>> Make(std::string_view private_key_pem, std::string_view chain_pem,
                                                       std::string_view client_roots_pem);

  // New handshakes see the new content within about a second; connections that exist keep theirs.
  Status ReplaceChain(std::string_view chain_pem);
  Status ReplaceClientRoots(std::string_view roots_pem);

  // TLS 1.2 and 1.3, "verify if given". A client certificate that does not chain to the roots, or whose name is neither
  // a workload's (istio-protocol §1.9) nor a node's in one of `trust_domains`, ends the handshake. The identity
  // outlives servers made with these.
  [[nodiscard]] std::shared_ptr<grpc::ServerCredentials> Credentials(std::vector<std::string> trust_domains) const;

 private:
  ServingIdentity(MemoryFile key, MemoryFile chain, MemoryFile roots)
      : key_(std::move(key)), chain_(std::move(chain)), roots_(std::move(roots)) {}

  mutable Mutex mutex_;
  MemoryFile key_;
  MemoryFile chain_ RK_GUARDED_BY(mutex_);
  MemoryFile roots_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep
