// How a caller must have proved itself, and from where, for an identity: beyond what its authenticator demands.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "keystore/base/result.h"
#include "signer/caller.h"
#include "signer/policy/identity_pattern.h"
#include "signer/spiffe_id.h"

namespace rootkeep {

enum class ProofLevel : std::uint8_t {
  kToken,                // a token in this call; a client certificate does not do
  kTokenOnAttestedNode,  // the same, carried by a node whose attestation holds
  kAttestedKey,          // the same, and the certificate is for a key that was shown to be in that node's TPM
};

struct Requirement {
  std::string name;
  std::vector<IdentityPattern> identities;
  ProofLevel level = ProofLevel::kToken;
  // The token's kubernetes.io claim must name the node that carried it, by the node's id. Demands an attested node by
  // itself, whatever the level. Compares names alone: they must be unique over all clusters.
  bool same_node = false;

  friend bool operator==(const Requirement&, const Requirement&) = default;
};

// Whether every requirement that names one of `identities` is met; several that name one must all be. Refusals are
// PERMISSION_DENIED; the edge shows the client one opaque sentence, the reason is for the record:
//   requirement_token       not known by a token
//   requirement_node        no attested node carried the call
//   requirement_key         nothing shows that the caller's key is in the node's TPM
//   requirement_node_claim  the token names no node
//   requirement_same_node   the token names another node
Status CheckRequirements(const Caller& caller, std::span<const SpiffeId> identities,
                         const std::vector<Requirement>& requirements);

}  // namespace rootkeep
