// What a node is called, and the URI that its certificate bears.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/result.h"

namespace rootkeep {

// 1 to 253 of a-z, A-Z, 0-9, dot, dash and underscore, neither "." nor "..": a Kubernetes node name, or any other that
// may be a segment of a SPIFFE ID (SPIFFE-ID §2.2). Not 64 hexadecimal digits, which name an EK where both are asked
// for.
bool IsNodeId(std::string_view node);

// Whether `uri` may be a node's in this trust domain, however its URIs are made: what a NodeUriTemplate gives.
bool IsNodeUri(std::string_view uri, std::string_view trust_domain);

// How the SPIFFE ID of a node is made from its id. Immutable.
class NodeUriTemplate {
 public:
  // spiffe://{trust_domain}/node/{node}
  NodeUriTemplate();

  // "spiffe://{trust_domain}/" and a path with "{node}" in it, once; at most 512 octets. INVALID_ARGUMENT for any
  // other, and for a path whose first segment is "ns" or holds the node's id: no node's id may read like a workload's,
  // by which a node could answer for one.
  static Result<NodeUriTemplate> Parse(std::string_view text);

  // `trust_domain` and `node` have been checked (IsTrustDomain, IsNodeId).
  [[nodiscard]] std::string Uri(std::string_view trust_domain, std::string_view node) const;
  [[nodiscard]] std::string ToText() const;

  friend bool operator==(const NodeUriTemplate&, const NodeUriTemplate&) = default;

 private:
  NodeUriTemplate(std::string_view before, std::string_view after) : before_(before), after_(after) {}

  std::string before_;  // of the path: what stands before the node's id, and after it
  std::string after_;
};

}  // namespace rootkeep
