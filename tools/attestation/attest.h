// Attests this node to a rootkeepd and gets its certificate.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "attestation/attester/attester.h"
#include "signer/client/channel.h"

namespace rootkeep {

struct AttestationOrder {
  std::string node_id;                   // which this node says it is
  Bytes csr;                             // DER, signed with `key`
  const attestation::KeyToCertify& key;  // outlives the call
  std::stop_token stop;                  // ends it early, though not what the TPM is at
};

struct NodeCertificate {
  std::vector<std::string> elements;  // PEM: the node's certificate, those above it, the trust bundle last
  WallTime next_attest_by;            // from then on another attestation is due; the certificate ends later
  std::string attestation_id;         // as the service's record has it
  std::string node_id;                // as the service knows the node
  std::string spiffe_id;
};

// One attestation over a connection of its own; when the TPM was restarted in the middle, another at once, three in
// all. Blocks until `deadline` at most.
//
// Errors: FAILED_PRECONDITION "held" when an operator has to approve the node, its TPM or its state first (the message
// says which); CANCELLED when it was stopped; PERMISSION_DENIED "refused"; ABORTED "repeat" after the third; DATA_LOSS
// for an answer that is not of this protocol; otherwise the service's status, and errors as OpenChannel,
// Attester::Begin and Attester::Answer.
Result<NodeCertificate> Attest(const ChannelOptions& service, const attestation::Attester& attester,
                               const AttestationOrder& order, Deadline deadline);

}  // namespace rootkeep
