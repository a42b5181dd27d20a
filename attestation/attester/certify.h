// TPM2_Certify: the AK's word that a key is in this TPM, and what it may be used for.
#pragma once

#include "attestation/attester/primary.h"

namespace rootkeep::attestation {

struct Certification {
  Bytes attest;     // TPMS_ATTEST
  Bytes signature;  // TPMT_SIGNATURE
};

// `key` is loaded, its auth value is set, and `key_session` authorizes its use. `nonce` becomes the qualifying data.
// Errors as tpm2::FromRc.
Result<Certification> CertifyKey(ESYS_CONTEXT* esys, ESYS_TR key, ESYS_TR key_session, const TpmKey& ak,
                                 ByteView nonce);

}  // namespace rootkeep::attestation
