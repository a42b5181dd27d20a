// From what the verifier found to what is remembered of it. Pure; internal to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "attestation/verifier/attempt.h"
#include "signer/node/enrolment.h"
#include "signer/node/node.h"

namespace rootkeep {

// Who comes, as the verifier identified the EK that was claimed.
Arrival ArrivalOf(const attestation::Attempt& attempt);

// Lower-case hexadecimal SHA-256 of all of the evidence, each part behind its length.
Result<std::string> EvidenceDigest(const attestation::AttestEvidence& evidence);

// What the verdict leaves in the node's record, whichever it is.
NodeEvidence EvidenceOf(const attestation::Verdict& verdict, attestation::Algorithm bank, std::int64_t now);

// What a node's last right evidence says to the next verdict; nothing before the first.
std::optional<attestation::LastSeen> LastSeenOf(const Node& node);

}  // namespace rootkeep
