// The messages of an attestation between their form on the network (proto/rootkeep/v1/node_attestation.proto) and the
// values that the attester knows.
#pragma once

#include "attestation/wire/key_evidence.h"
#include "attestation/wire/messages.h"
#include "keystore/base/result.h"
#include "proto/rootkeep/v1/node_attestation.pb.h"

namespace rootkeep {

// `server_identity` is not part of the value: it is the connection's, 32 octets.
v1::AttestInit ToProto(const attestation::AttestInit& init, ByteView server_identity);

// Without the boot log, which goes ahead in parts.
v1::AttestEvidence ToProto(const attestation::AttestEvidence& evidence);

v1::KeyEvidence ToProto(const attestation::KeyEvidence& evidence);

// INVALID_ARGUMENT "message_size" when a field is longer or shorter than it may be.
Result<attestation::AttestChallenge> FromProto(const v1::AttestChallenge& challenge);

}  // namespace rootkeep
