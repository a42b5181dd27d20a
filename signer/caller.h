// Who asks, how that was proved, and from where: facts that authenticators return and policy judges.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "signer/general_name.h"

namespace rootkeep {

enum class AuthMethod : std::uint8_t { kClientCertificate, kToken, kAttestedNode, kLocalSocket, kInternal };

// "client-certificate", "token", "attested-node", "local-socket", "internal" (the daemon for itself).
constexpr std::string_view AuthMethodName(AuthMethod method) {
  switch (method) {
    case AuthMethod::kClientCertificate: return "client-certificate";
    case AuthMethod::kToken: return "token";
    case AuthMethod::kAttestedNode: return "attested-node";
    case AuthMethod::kLocalSocket: return "local-socket";
    case AuthMethod::kInternal: return "internal";
  }
  return "unknown";
}

// Immutable once an authenticator returned it.
struct Caller {
  // What the caller may have a certificate for by itself, in order (istiod: the SAN list of the leaf). Never empty.
  std::vector<GeneralName> identities;
  AuthMethod method = AuthMethod::kToken;
  std::string authenticator;  // configured name of the token issuer or of a socket's caller, "mtls", or "tpm"
  std::string trust_domain;   // the trust domain this authenticator speaks for

  // From where. Empty when not known; a client certificate tells none of these.
  std::string cluster;
  std::string node;     // kubernetes.io node name claim, or the attested node's id
  std::string pod;      // kubernetes.io pod name claim
  std::string pod_uid;  // kubernetes.io pod uid claim
  // The node over whose attested connection a token came: its id, while its attestation holds. Empty otherwise.
  std::string attested_node;

  // DER SubjectPublicKeyInfo of the one key that this caller may have a certificate for: an attested node, and whoever
  // showed that his key is in the TPM of attested_node. Empty for all others.
  Bytes attested_spki;
  // What names in the record the attestation that this caller, or attested_node, owes to. Empty without one.
  std::string attestation;
  WallTime attested_until;  // when its certificate ends at the latest

  // For the record: "jti" or a token digest in hexadecimal; for certificates the serial in hexadecimal; for nodes the
  // SHA-256 of the EK; for a socket "uid:" and the process's user. Never a secret.
  std::string credential_id;
  // Peer address as gRPC prints it, for example "ipv4:127.0.0.1:40404".
  std::string peer;
};

}  // namespace rootkeep
