// TPM2_Quote: what the platform configuration registers hold, signed by the AK.
#pragma once

#include "attestation/attester/primary.h"
#include "attestation/wire/pcr.h"

namespace rootkeep::attestation {

struct Quote {
  Bytes attest;                  // TPMS_ATTEST
  Bytes signature;               // TPMT_SIGNATURE
  std::vector<PcrValue> values;  // that the quote is about, ascending
};

// Quotes exactly `pcrs`, with `nonce` as qualifying data. Values are read before; while they change in between, both is
// done again, five times at most, then ABORTED "pcrs_changing". FAILED_PRECONDITION "pcr_bank" when the TPM does not
// have all of these registers: it would sign a quote of fewer. Otherwise errors as tpm2::FromRc.
Result<Quote> QuotePcrs(ESYS_CONTEXT* esys, const TpmKey& ak, const PcrSelection& pcrs, ByteView nonce);

}  // namespace rootkeep::attestation
