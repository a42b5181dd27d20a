// From the verifier's verdict to what happens to the node: what is to be written, and what is to be answered. Internal
// to this folder.
#pragma once

#include <string>

#include "attestation/verifier/verdict.h"
#include "signer/node/enrolment.h"
#include "signer/node/node.h"
#include "signer/node/node_store.h"

namespace rootkeep {

// The facts of one judged attempt.
struct Judged {
  const attestation::Verdict& verdict;
  const Admission& admission;
  const Arrival& arrival;
  std::string group;  // by which it was judged
  std::string peer;
  NodeEvidence evidence;
  Bytes ak_name;
  std::int64_t until = 0;  // Unix seconds: how long right evidence counts
  NodeBootLog boot_log;    // as it came; kept when the evidence is right
};

// What is to become of the node in the database.
enum class NodeChange : std::uint8_t {
  kNone,     // nothing was proved by anybody, or there is no node to change
  kAttest,   // right evidence
  kFail,     // wrong evidence that the node's own TPM gave
  kHold,     // right evidence, or values to be learnt, that an operator has to look at
  kBinding,  // right evidence of another TPM than the node's
};

// ABORTED with reason "node_changed": what the evidence was to be judged by holds no more.
Error NodeChanged();

// Pure. A new TPM whose evidence is wrong becomes a failed node only where the inventory names it: otherwise it would
// take the id from whoever comes with right evidence.
NodeChange ChangeFor(const attestation::Verdict& verdict, const Admission& admission);

// The word for the node and the record why it is held; empty unless `change` is kHold or kBinding.
std::string_view HeldReason(const attestation::Verdict& verdict, const Admission& admission);

// Writes `change`, of a new node after enrolling it. With kAttest, `certificate` is asked for in the same transaction.
// ABORTED with reason "node_changed" when the node is not any more what the evidence was judged by.
Status Write(NodeStore& nodes, NodeChange change, const Judged& judged, NodeCertificate& certificate);

}  // namespace rootkeep
