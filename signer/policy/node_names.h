// The names beside its SPIFFE ID that a node's certificate bears: by these programs of that node know its agent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/result.h"
#include "signer/general_name.h"

namespace rootkeep {

// Immutable.
class NodeNames {
 public:
  // localhost, 127.0.0.1 and ::1: of every node's own, and nobody's on a network.
  NodeNames();

  // Each is an address, a DNS name without wildcards, or "{node}." and a DNS name: within one domain a node's id may
  // name the node and nobody else, while an id alone could read like any host's. INVALID_ARGUMENT for any other.
  static Result<NodeNames> Parse(const std::vector<std::string>& texts);

  // Those of this node, in the order in which they were given. `node` is IsNodeId; one whose id makes no DNS name goes
  // without those that hold it.
  [[nodiscard]] std::vector<GeneralName> Of(std::string_view node) const;

  // The domains behind "{node}.": each holds names of every node.
  [[nodiscard]] std::vector<std::string> Domains() const;

  friend bool operator==(const NodeNames&, const NodeNames&) = default;

 private:
  std::vector<std::string> texts_;
};

}  // namespace rootkeep
