// TPM2_ActivateCredential: getting at a secret that was made for this EK and this AK, which only a TPM with both can.
#pragma once

#include "attestation/attester/primary.h"
#include "keystore/base/secret_bytes.h"

namespace rootkeep::attestation {

// The secret in a challenge (Part 1 §24); both arguments are whole TPM2Bs, with their size. It comes over an encrypted
// session salted with the EK, so it is never on the bus between TPM and processor, and only the TPM that the EK's
// certificate is for can take part. The EK is authorized as its attributes ask: by an empty auth value, or by the
// policy of the low templates; FAILED_PRECONDITION for another policy. Leaves no session. DATA_LOSS when the secret is
// for another AK or EK; INVALID_ARGUMENT for malformed arguments; otherwise errors as tpm2::FromRc.
Result<SecretBytes> ActivateCredential(ESYS_CONTEXT* esys, const TpmKey& ek, const TpmKey& ak, ByteView id_object,
                                       ByteView encrypted_secret);

}  // namespace rootkeep::attestation
