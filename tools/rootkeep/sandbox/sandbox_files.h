// Where a sandbox keeps what, below its directory; the paths that istio's clients use by default among them.
#pragma once

#include <cstdint>
#include <string>

#include "keystore/base/result.h"

namespace rootkeep::cli {

struct SandboxFiles {
  explicit SandboxFiles(std::string directory) : root(std::move(directory)) {}

  std::string root;  // absolute; also the working directory for clients

  [[nodiscard]] std::string state() const { return root + "/state"; }
  [[nodiscard]] std::string config() const { return root + "/rootkeepd.yaml"; }
  [[nodiscard]] std::string log() const { return root + "/rootkeepd.log"; }
  [[nodiscard]] std::string issuer_key() const { return root + "/issuer/key.pem"; }
  [[nodiscard]] std::string jwks() const { return root + "/issuer/jwks.json"; }
  [[nodiscard]] std::string placements() const { return root + "/placements"; }
  [[nodiscard]] std::string root_certificate() const { return root + "/var/run/secrets/istio/root-cert.pem"; }
  [[nodiscard]] std::string workload_token() const { return root + "/var/run/secrets/tokens/istio-token"; }
  [[nodiscard]] std::string ztunnel_token() const { return root + "/var/run/secrets/tokens/ztunnel-token"; }
  // Whoever connects to it is SPIRE.
  [[nodiscard]] std::string spire_socket() const { return root + "/spire.sock"; }
  // For the examples of `rootkeep dev`: what clients write, and what describes the istio API to grpcurl.
  [[nodiscard]] std::string certificates() const { return root + "/certs"; }
  [[nodiscard]] std::string csr() const { return certificates() + "/web.csr"; }
  [[nodiscard]] std::string protoset() const { return root + "/istio.protoset"; }

  // The directories above, mode 0700.
  Status MakeDirectories() const;
};

}  // namespace rootkeep::cli
