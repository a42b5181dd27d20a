// What is known of one node, and how that may change: pure, so that daemon and command line decide alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep {

// The numbers are stored.
enum class NodeState : std::uint8_t {
  kHeld = 1,      // waits for an operator: not enrolled yet, or its PCR values are being learnt
  kApproved = 2,  // may prove itself, and has not yet
  kAttested = 3,  // has proved itself; whether that still holds is attested_until's to say
  kFailed = 4,    // its own TPM gave evidence that is not right; refused until an operator approves it
  kDenied = 5,    // by an operator
  kReenrol = 6,   // its TPM was cleared; refused until an operator approves it
};

// "held", "approved", "attested", "failed", "denied", "re-enrol required".
std::string_view NodeStateName(NodeState state);
// The inverse; nothing for any other word.
std::optional<NodeState> NodeStateFromName(std::string_view name);

struct Node;

// A NodeStateName, or kAttestationEnded for an attested node whose evidence counts no more at `now` (Unix seconds).
std::string_view StandingOf(const Node& node, std::int64_t now);
inline constexpr std::string_view kAttestationEnded = "attestation ended";

// TPMS_CLOCK_INFO (TPM 2.0 Part 2 §10.11.1) of the last right evidence.
struct NodeClock {
  std::uint64_t clock = 0;  // milliseconds
  std::uint32_t reset_count = 0;
  std::uint32_t restart_count = 0;
  bool safe = false;

  friend bool operator==(const NodeClock&, const NodeClock&) = default;
};

// What evidence left behind. Times are Unix seconds.
struct NodeEvidence {
  std::int64_t at = 0;
  std::string attestation;  // names the attempt in log and ledger
  std::string sha256;       // of the evidence as it came, lower-case hexadecimal
  std::string pcrs;         // "sha256:0=<hexadecimal>,7=<hexadecimal>"
  Bytes pcr_digest;         // as quoted
  std::string generation;   // of PCR values that matched; empty: none
  std::string policy;       // version of the policy it was judged by
  std::uint64_t firmware = 0;

  friend bool operator==(const NodeEvidence&, const NodeEvidence&) = default;
};

// Times are Unix seconds, 0 for never. Texts are UTF-8 and bounded by their sources.
struct Node {
  std::string id;  // IsNodeId
  std::string group;
  NodeState state = NodeState::kHeld;
  std::string reason;       // a word: why it is in this state; empty where that says it all
  std::string explanation;  // the same for people
  std::string ek_sha256;    // of the EK's DER SubjectPublicKeyInfo, lower-case hexadecimal; empty: bound to none
  std::string ek_origin;    // why this EK: "inventory", "chain" or "operator"
  std::string tpm;          // manufacturer, model and version as its EK certificate says; empty: no certificate
  std::int64_t enrolled_at = 0;
  std::int64_t state_since = 0;
  std::int64_t attested_until = 0;
  Bytes ak_name;  // of the last right evidence, as is the clock
  std::optional<NodeClock> clock;
  NodeEvidence evidence;  // the last that its TPM vouched for, right or wrong

  friend bool operator==(const Node&, const Node&) = default;
};

// Right evidence, as it is remembered.
struct NodePass {
  NodeEvidence evidence;
  Bytes ak_name;
  NodeClock clock;
  std::int64_t until = 0;  // Unix seconds
};

struct NodeFailure {
  std::string reason;  // a word
  std::string explanation;
  bool enrol_again = false;  // the TPM was cleared, or is another
};

// Each gives the node as it is afterwards; FAILED_PRECONDITION with reason "node_state" where the change has no place.
// By the service, from kApproved or kAttested only: what an operator decided meanwhile stands.
Result<Node> Attested(Node node, const NodePass& pass);
// To kFailed or kReenrol; also from kHeld, where only the evidence is remembered.
Result<Node> Failed(Node node, const NodeEvidence& evidence, const NodeFailure& failure);
// Right evidence in a group whose PCR values are still being learnt, or of a node that is held: remembered, no more.
Result<Node> Held(Node node, const NodeEvidence& evidence, std::string_view reason, std::string explanation);

// By an operator. Approved nodes have to prove themselves anew, and what their TPM's clock said before is forgotten.
Result<Node> Approved(Node node, std::int64_t now);
Result<Node> Denied(Node node, std::string explanation, std::int64_t now);
// With another TPM from now on, and approved.
Node Rebound(Node node, std::string ek_sha256, std::string tpm, std::int64_t now);

}  // namespace rootkeep
