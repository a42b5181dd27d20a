// The TPM's clock and counters (Part 1 §36): what they say about the time between two attestations. They are plain for
// keys of the endorsement hierarchy only, which is where CheckQuote has shown the AK to be.
#pragma once

#include "attestation/wire/attest.h"

namespace rootkeep::attestation {

// The last attestation that a node passed.
struct LastSeen {
  Bytes ak_name;
  ClockInfo clock;
};

// Quote and certification were made without a reset, restart or resume in between. PERMISSION_DENIED
// "restarted_between".
Status CheckSameBoot(const ClockInfo& quote, const ClockInfo& certify);

// `now` is later than `last` in the life of the same TPM. PERMISSION_DENIED
//   "ak_changed": the AK is another;
//   "tpm_cleared": the reset count fell, which only TPM2_Clear does, or the clock fell by more than it can at a reset;
//   "clock_rollback": in the same boot, restart count or clock fell, as when an older state of the TPM was put back.
// A TPM2_Clear can be hidden: whoever may clear a TPM may also set its clock forward (TPM2_ClockSet) and reset it as
// often as it was before.
Status CheckSince(const LastSeen& last, ByteView ak_name, const ClockInfo& now);

}  // namespace rootkeep::attestation
