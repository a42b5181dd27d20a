// Whether a TPM that comes may prove itself as a node, and as which: pure, decided before it is challenged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "keystore/base/result.h"
#include "signer/node/inventory.h"
#include "signer/node/node.h"

namespace rootkeep {

// What becomes of a TPM that is neither bound nor in the inventory, and claims a node that nobody knows.
enum class FirstEnrolment : std::uint8_t {
  kDeny,
  kHold,          // wait for an operator, whoever vouches for it: a program can be such a "TPM", too
  kAllowByChain,  // enrolled when its EK certificate chains to a pinned manufacturer's root
};

// Who comes, as far as that is known before a challenge: the EK is claimed, its certificate is not.
struct Arrival {
  std::string claimed_node;
  std::string ek_sha256;
  bool chained = false;        // the EK certificate names this EK and chains to a pinned root
  std::string tpm;             // as Node::tpm
  std::string unchained = {};  // why it is not chained: a word of the verifier's
};

struct EnrolmentTerms {
  const Inventory& inventory;
  FirstEnrolment first = FirstEnrolment::kDeny;
  std::string_view default_group;
};

// What right evidence will lead to.
struct Admission {
  enum class Kind : std::uint8_t {
    kKnown,        // the node of this EK
    kNew,          // `node` is to be enrolled
    kHeldNew,      // `node` is to be held for an operator
    kHeldBinding,  // the operator is to be asked whether this EK is the node's from now on
  };
  Kind kind = Kind::kKnown;
  Node node;  // as stored; for kNew and kHeldNew as it is to be stored
  // Of kNew: who came by the id first, waits for an operator and was never approved. The inventory decides against it.
  std::optional<Node> instead_of = std::nullopt;
};

// `bound` is the node of this EK, `named` the one of the claimed id. A node keeps its id and its EK for ever, unless an
// operator decides otherwise. Refusals are PERMISSION_DENIED, with a reason for the record:
//   node_claim     this EK is another node's, by its binding or by the inventory
//   node_denied, node_failed, node_reenrol   the node's state
//   node_ek        the node has another EK, by the inventory or, where this one neither chains nor is listed as the
//                  node's, by its binding; what an operator bound stands against the inventory. An EK that is only held
//                  binds no id: where the unknown are held, others may wait beside it, and the inventory's need not
//   node_unchained in the inventory without an EK, or enrolled by its chain, and this one does not chain
//   node_unknown   neither EK nor node is known, and first enrolment is not open to it
Result<Admission> DecideEnrolment(const Arrival& arrival, const std::optional<Node>& bound,
                                  const std::optional<Node>& named, const EnrolmentTerms& terms);

}  // namespace rootkeep
