// Attestation messages as they are on the network, and as the verifier takes them.
#pragma once

#include <string_view>

#include "attestation/wire/key_evidence.h"
#include "attestation/wire/messages.h"
#include "keystore/base/result.h"
#include "proto/rootkeep/v1/node_attestation.pb.h"

namespace rootkeep {

// Takes the octets out of `message`. INVALID_ARGUMENT with reason "message" for a number that is none of the field's.
// Sizes are the verifier's to check; gRPC has bounded the whole.
Result<attestation::AttestInit> ToWire(v1::AttestInit&& message);
// Without the boot log.
Result<attestation::AttestEvidence> ToWire(v1::AttestEvidence&& message);

// The octets of a v1::KeyEvidence. With nothing in it, which shows nothing, when they are more than 8 KiB or no such
// message.
attestation::KeyEvidence ReadKeyEvidence(std::string_view octets);

v1::AttestChallenge ToProto(const attestation::AttestChallenge& challenge);

}  // namespace rootkeep
