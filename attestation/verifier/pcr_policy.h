// Which values of the platform configuration registers (PCRs) a node may have. Data, not code; what it does not allow
// is denied.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "attestation/wire/pcr.h"

namespace rootkeep::attestation {

// One accepted state of nodes. Several are, while nodes move from one to the next.
struct PcrGeneration {
  std::string name;  // for people and records
  // Allowed values by PCR, digests of the policy's bank: of each required PCR, and of no other. With a value missing
  // or one too many, which would never be compared, no node is of this generation by its values.
  std::map<std::uint8_t, std::vector<Bytes>> allowed;
  // Whole states: SHA-256 of the values of all required PCRs, ascending by index. Any of these is enough.
  std::vector<Bytes> composites;
};

struct PcrPolicy {
  Algorithm bank = Algorithm::kSha256;
  std::vector<std::uint8_t> required;  // ascending, each once, below kPcrCount
  std::vector<PcrGeneration> generations;
  // Records values and verifies none: never a pass.
  bool learn = false;
};

struct PcrJudgement {
  Status status;                        // ok: the values are those of `generation`
  std::string generation;               // the name of the first that matches
  std::vector<std::uint8_t> differing;  // on "pcr_mismatch": PCRs in which the closest generation differs
};

// The policy is sound: its bank is SHA-256, 384 or 512; the required PCRs are a list as above, not all of which anybody
// may reset (16 and 23, PC Client Platform TPM Profile §4.6); there is a generation, unless it learns; each has a name
// of its own, and values of the right size for just the required PCRs, or composites and no values. INVALID_ARGUMENT.
// For whoever stores a policy: under an unsound one JudgePcrs denies more than was meant, never less.
Status CheckPcrPolicy(const PcrPolicy& policy);

// Judges quoted `values` of the registers in `asked`. The status is PERMISSION_DENIED
//   "pcr_policy_empty": it requires no PCR, or has no generation;
//   "pcr_not_quoted": `asked` is another bank or lacks a required PCR;
//   "pcr_learning": it learns, whatever the values are;
//   "pcr_policy_incomplete": no generation has values for just the required PCRs, or composites;
//   "pcr_mismatch": no generation allows these.
PcrJudgement JudgePcrs(const PcrPolicy& policy, const PcrSelection& asked, const std::vector<PcrValue>& values);

// The composite of these values of `required`, for PcrGeneration::composites; NOT_FOUND when one is missing.
Result<Bytes> CompositeOf(const std::vector<std::uint8_t>& required, const std::vector<PcrValue>& values);

}  // namespace rootkeep::attestation
