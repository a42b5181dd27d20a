// What the record says about the node that shows a certificate.
#pragma once

#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/authn/node_leaf.h"

namespace rootkeep {

// Thread-safe. Asked on the RPC thread at every call over a node's connection: answers from memory but for one look now
// and then, and never blocks on the network.
class NodeRegistry {
 public:
  struct Entry {
    std::string node;         // its id
    std::string attestation;  // names the attestation on which the certificate was issued
    Bytes ak_name;            // of its TPM's attestation key, by the last right evidence
  };

  NodeRegistry() = default;
  NodeRegistry(const NodeRegistry&) = delete;
  NodeRegistry& operator=(const NodeRegistry&) = delete;
  virtual ~NodeRegistry() = default;

  // Whose the certificate is: this CA issued it to that node, and the node has been attested ever since and still is at
  // `now`. UNAUTHENTICATED with a node_* reason of refusal.h otherwise; an error of another code when the record cannot
  // be read, and then nothing is known.
  [[nodiscard]] virtual Result<Entry> Find(const NodeLeaf& certificate, WallTime now) const = 0;
};

}  // namespace rootkeep
