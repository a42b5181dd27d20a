// Which states of the platform configuration registers (PCRs) a node may be in. Data, not code; what it does not allow
// is denied.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "attestation/verifier/boot_event_rules.h"
#include "attestation/wire/pcr.h"

namespace rootkeep::attestation {

// One accepted state of nodes. Several are, while nodes move from one to the next.
struct PcrGeneration {
  std::string name;  // for people and records
  // Allowed values by PCR, digests of the policy's bank.
  std::map<std::uint8_t, std::vector<Bytes>> allowed;
  // Of other PCRs, what may have been measured into them, by a boot log that gives their quoted values.
  std::map<std::uint8_t, BootEventRules> events;
  // Whole states: SHA-256 of the values of all required PCRs, ascending by index. Any of these is enough.
  std::vector<Bytes> composites;
};

// Judges each required PCR in one way, by its values or by its events, and no other. With a PCR missing or one too
// many, which would never be looked at, no node is of this generation but by a composite.
bool JudgesJust(const PcrGeneration& generation, const std::vector<std::uint8_t>& required);

struct PcrPolicy {
  Algorithm bank = Algorithm::kSha256;
  std::vector<std::uint8_t> required;  // ascending, each once, below kPcrCount
  std::vector<PcrGeneration> generations;
  // Records values and verifies none: never a pass.
  bool learn = false;
};

// Some generation needs the boot log.
bool HasEventRules(const PcrPolicy& policy);

// The policy is sound: its bank is SHA-256, 384 or 512; the required PCRs are a list as above, not all of which anybody
// may reset (16 and 23, PC Client Platform TPM Profile §4.6); there is a generation, unless it learns; each has a name
// of its own, and judges just the required PCRs, with values of the right size and rules as CheckBootEventRules has
// them, or has composites and nothing else. INVALID_ARGUMENT. For whoever stores a policy: under an unsound one
// JudgePcrs (pcr_judgement.h) denies more than was meant, never less.
Status CheckPcrPolicy(const PcrPolicy& policy);

}  // namespace rootkeep::attestation
