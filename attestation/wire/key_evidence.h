// That a key is in a TPM, apart from an attestation of the node: the TPM's attestation key (AK) says so for ever, and
// what is known of the AK from the node's last attestation says whose TPM it is.
#pragma once

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::attestation {

struct KeyEvidence {
  Bytes ak_public;          // TPMT_PUBLIC
  Bytes key_public;         // TPMT_PUBLIC
  Bytes certify_attest;     // TPMS_ATTEST of TPM2_Certify
  Bytes certify_signature;  // TPMT_SIGNATURE
};

// INVALID_ARGUMENT "message_size" with the field's name.
Status CheckSizes(const KeyEvidence& evidence);

// The certification's qualifying data: SHA-256("rootkeep-tpm-key-v1"), so that what was signed for a node's attestation
// is no such evidence, nor the other way round. There is nothing fresh in it: where the key is cannot change, and who
// shows the evidence has to prove that he can sign with the key. INTERNAL when OpenSSL fails.
Result<Bytes> KeyEvidenceNonce();

}  // namespace rootkeep::attestation
