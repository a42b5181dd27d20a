// Quoted register values against a policy.
#pragma once

#include <string>
#include <vector>

#include "attestation/verifier/pcr_policy.h"

namespace rootkeep::attestation {

struct PcrJudgement {
  Status status;                        // ok: the state is of `generation`
  std::string generation;               // the name of the first that matches
  std::string closest;                  // otherwise of the one that differs in the fewest PCRs, if there is one
  std::vector<std::uint8_t> differing;  // and those PCRs
};

// Judges quoted `values` of the registers in `asked`, with the boot log that came with them, which is looked at only
// when the policy has rules on events; empty: there is none. The status is PERMISSION_DENIED
//   "pcr_policy_empty": it requires no PCR, or has no generation;
//   "pcr_not_quoted": `asked` is another bank or lacks a required PCR;
//   "pcr_learning": it learns, whatever the values are;
//   "pcr_policy_incomplete": no generation judges just the required PCRs, each in one way, or has composites;
// and where no generation allows the state, by the first PCR in which the closest differs:
//   "pcr_mismatch": it has another value;
//   "boot_log_missing": there is no boot log to judge its events by;
//   a word of boot_log_reasons.h: there is one, and it proves nothing;
//   "boot_event_not_allowed", "boot_event_missing": as JudgeBootEvents.
// INTERNAL "internal" when OpenSSL fails.
PcrJudgement JudgePcrs(const PcrPolicy& policy, const PcrSelection& asked, const std::vector<PcrValue>& values,
                       ByteView boot_log);

// The composite of these values of `required`, for PcrGeneration::composites; NOT_FOUND when one is missing.
Result<Bytes> CompositeOf(const std::vector<std::uint8_t>& required, const std::vector<PcrValue>& values);

}  // namespace rootkeep::attestation
