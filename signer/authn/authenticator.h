// Turns what a connection and its headers prove into a Caller.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "attestation/wire/key_evidence.h"
#include "keystore/base/bytes.h"
#include "keystore/base/error.h"
#include "signer/caller.h"

namespace rootkeep {

// What the RPC edge knows of a call. Views live until the call ends.
struct CallContext {
  // The client's own certificate, already verified by the TLS layer against the trust bundle, in PEM as that layer
  // wrote it: who has seen it before need not decode it. Empty if none.
  std::string_view client_certificate_pem;
  // Values of the authorization header in order.
  std::span<const std::string_view> authorization;
  std::string_view cluster_id;  // header "clusterid"; empty when absent
  // That the caller's key is in the TPM of the node that carries the call, as he says; null: he does not.
  const attestation::KeyEvidence* key_evidence = nullptr;
  std::string_view peer;
};

// kNotMine lets the next authenticator try; a refusal is decisive, opaque to the client and exact in the audit record.
struct NotMine {};
using AuthOutcome = std::variant<NotMine, Caller, Error>;

// Thread-safe. Called on the RPC thread: never blocks on the network.
class Authenticator {
 public:
  Authenticator() = default;
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;
  virtual ~Authenticator() = default;
  [[nodiscard]] virtual AuthOutcome Authenticate(const CallContext& call) const = 0;
};

}  // namespace rootkeep
