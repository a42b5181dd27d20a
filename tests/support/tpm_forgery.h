// What an attacker with full use of a genuine TPM can have it sign. No bytes are flipped where the TPM itself helps.
#pragma once

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "tests/support/esys.h"
#include "tests/support/tpm_attest.h"
#include "tests/support/tpm_keys.h"

namespace rootkeep::testing {

// TPM2_Hash, then TPM2_Sign with the ticket: a restricted key signs every buffer that does not start with
// TPM_GENERATED_VALUE. Fails with TPM_RC_TICKET for one that does.
Result<Attested> SignHashed(const Esys& esys, const TpmKey& ak, ByteView buffer);

// TPM2_Sign of the buffer's digest without a ticket: what a key that is not restricted does with any buffer. The scheme
// is the key's, ECDSA or RSASSA with SHA-256.
Result<Attested> SignAnything(const Esys& esys, const TpmKey& key, ByteView buffer);

// TPM2_NV_Certify by `ak` of an NV index made for it, with `contents` (at most 64 octets) of the attacker's choice.
Result<Attested> NvCertify(const Esys& esys, const TpmKey& ak, ByteView nonce, ByteView contents);

// TPM2_GetTime by `ak`.
Result<Attested> GetTime(const Esys& esys, const TpmKey& ak, ByteView nonce);

// TPM2_Quote by a key without a scheme of its own, under `scheme` and `hash`.
Result<Attested> QuoteWith(const Esys& esys, const TpmKey& key, TPM2_ALG_ID scheme, TPM2_ALG_ID hash, ByteView nonce,
                           const std::vector<Pcrs>& selection);

// TPM2_Commit and TPM2_Quote under ECDAA with SHA-256, which is the scheme of `key`.
Result<Attested> QuoteAnonymously(const Esys& esys, const TpmKey& key, ByteView nonce,
                                  const std::vector<Pcrs>& selection);

}  // namespace rootkeep::testing
