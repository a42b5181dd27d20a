// What an attestation was judged by, and how.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attestation/verifier/firmware.h"
#include "attestation/verifier/node_key.h"
#include "attestation/verifier/pcr_policy.h"
#include "attestation/verifier/reasons.h"
#include "attestation/verifier/tpm_clock.h"

namespace rootkeep::attestation {

// Of a group of nodes.
struct AttestationPolicy {
  PcrPolicy pcrs;
  NodeKeyRules node_key;
  std::vector<FirmwareMinimum> firmware;
};

// A failure unless every rule was met. The facts below `consequence` are the TPM's own words once `quoted` is set, and
// still no pass: they are for records, and for learning.
struct Verdict {
  bool passed = false;
  // Whoever answered has the TPM with this EK and AK. A failure before that says nothing about the node: anybody can
  // bring it about.
  bool activated = false;
  bool learned = false;     // it only failed because the policy learns
  std::string reason;       // a word of reasons.h; empty on a pass
  std::string explanation;  // the same for people, with what differs; may be empty with "internal"
  Consequence consequence = Consequence::kFailed;

  bool quoted = false;
  ClockInfo clock;
  std::uint64_t firmware_version = 0;
  std::vector<PcrValue> pcrs;  // ascending
  Bytes pcr_digest;            // as it was signed
  std::string generation;      // of the PCR policy, on a pass
  std::vector<std::uint8_t> differing_pcrs;
};

}  // namespace rootkeep::attestation
