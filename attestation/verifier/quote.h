// TPM2_Quote: which values the platform configuration registers have.
#pragma once

#include <vector>

#include "attestation/verifier/ak_rules.h"
#include "attestation/wire/attest.h"
#include "attestation/wire/messages.h"

namespace rootkeep::attestation {

// What a quote that met the rules says.
struct QuotedPcrs {
  ClockInfo clock;
  std::uint64_t firmware_version = 0;
  std::vector<PcrValue> values;  // ascending by index, exactly the ones asked for
  Bytes digest;                  // of the values, by the hash of the AK's scheme
};

struct QuoteExpected {
  ByteView nonce;
  ByteView qualified_signer;
  PcrSelection pcrs;
};

// The quote and the values in `evidence`, by the rules in this order: scheme and hash are the AK's own and not
// anonymous; signature; magic; type; structure; nonce; signer; the selection is exactly the one asked for (a TPM also
// quotes no register, and a bank that it does not have, as no register); one value of the bank's size for each register
// asked for; the digest over them, ascending, is the one that was signed.
//
// PERMISSION_DENIED "quote_scheme", "quote_anonymous", "quote_signature", "quote_magic", "quote_type",
// "quote_structure", "quote_nonce", "quote_signer", "quote_selection", "quote_values" or "quote_digest".
Result<QuotedPcrs> CheckQuote(const AttestationKey& ak, const AttestEvidence& evidence, const QuoteExpected& expected);

}  // namespace rootkeep::attestation
