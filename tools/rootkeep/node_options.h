// Where the nodes are, and who changes them.
#pragma once

#include <memory>
#include <string>

#include "signer/node/node_store.h"
#include "tools/rootkeep/options.h"

namespace rootkeep::cli {

struct NodeOptionsGiven {
  std::string config;
  std::string state;
};

void DeclareNodeOptions(Options& options, NodeOptionsGiven& into);

// The state directory's database; the daemon may be running. To look only, or to change what is in it.
Result<std::unique_ptr<NodeStore>> LookAtNodes(const NodeOptionsGiven& given);
Result<std::unique_ptr<NodeStore>> OpenNodes(const NodeOptionsGiven& given);

// The one with that id; NOT_FOUND names it.
Result<Node> FindNode(NodeStore& nodes, const std::string& id);

// An EK as nodes have it, of what --ek says: its SHA-256 in hexadecimal. INVALID_ARGUMENT for any other text but none.
Result<std::string> EkOf(const std::string& text);

// The name of the user this process runs as, for the history.
std::string OperatorName();

}  // namespace rootkeep::cli
