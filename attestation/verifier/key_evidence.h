// That a key is in the TPM of a node that has been attested.
#pragma once

#include "attestation/wire/key_evidence.h"

namespace rootkeep::attestation {

// DER SubjectPublicKeyInfo of the key that the evidence is about. `ak_name` is what the node's last attestation showed
// the AK's name to be; only an AK that is a primary key of the endorsement hierarchy does. The key meets the rules of a
// node's (CheckNodeKey), and is used by its auth value alone.
//
// INVALID_ARGUMENT "message_size"; PERMISSION_DENIED "key_evidence_ak" for another TPM's, and with the words of
// CheckAk, CheckNodeKey, CheckNodeKeyAuth and CheckCertify; INTERNAL when OpenSSL fails.
Result<Bytes> CheckKeyEvidence(const KeyEvidence& evidence, ByteView ak_name);

}  // namespace rootkeep::attestation
