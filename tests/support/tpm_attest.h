// What an honest node asks its TPM for during attestation, and what changes the TPM's state in between.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "tests/support/esys.h"
#include "tests/support/tpm_keys.h"

namespace rootkeep::testing {

// TPMS_ATTEST and TPMT_SIGNATURE as the TPM gave them.
struct Attested {
  Bytes attest;
  Bytes signature;
};

// A selection of one bank, or of none: PCR numbers up to 23.
struct Pcrs {
  TPM2_ALG_ID bank = TPM2_ALG_SHA256;
  std::vector<int> numbers;
};

// The same as ESAPI takes it.
TPML_PCR_SELECTION ToSelection(const std::vector<Pcrs>& banks);
Result<Attested> ToAttested(Bytes attest, const TPMT_SIGNATURE& signature);

// TPM2_Quote by `key` under its own scheme.
Result<Attested> Quote(const Esys& esys, const TpmKey& key, ByteView nonce, const std::vector<Pcrs>& selection);
// TPM2_Certify of `subject` by `key`.
Result<Attested> Certify(const Esys& esys, const TpmKey& key, const TpmKey& subject, ByteView nonce);
// TPM2_ActivateCredential: what the credential holds. `id_object` and `secret` are the contents of TPM2B_ID_OBJECT and
// TPM2B_ENCRYPTED_SECRET, without their sizes.
Result<Bytes> ActivateCredential(const Esys& esys, const TpmKey& ak, const TpmKey& ek, ByteView id_object,
                                 ByteView secret);
// TPM2_Sign of a SHA-256 digest as ECDSA, DER; `key` is not restricted.
Result<Bytes> SignDigest(const Esys& esys, const TpmKey& key, ByteView digest);

// TPM2_PCR_Read of one bank, in the order of `pcrs.numbers`, which ascends; at most eight.
Result<std::vector<Bytes>> ReadPcrs(const Esys& esys, const Pcrs& pcrs);
// TPM2_PCR_Extend of the SHA-256 bank.
Status ExtendPcr(const Esys& esys, int number, ByteView digest);
// TPM2_ClockSet: the clock goes on from `by` later.
Status AdvanceClock(const Esys& esys, std::chrono::milliseconds by);
// TPM2_Clear with platform authorisation.
Status ClearTpm(const Esys& esys);

}  // namespace rootkeep::testing
