// TPM2_Certify: that the node key is in this TPM.
#pragma once

#include <optional>

#include "attestation/verifier/ak_rules.h"
#include "attestation/wire/attest.h"
#include "attestation/wire/messages.h"

namespace rootkeep::attestation {

struct CertifyExpected {
  ByteView nonce;
  ByteView qualified_signer;
  ByteView name;                        // of the node key, as the verifier computes it
  std::optional<Bytes> qualified_name;  // of the node key below the parent that the node said
};

// The certification in `evidence`, by the rules in this order: scheme, signature, magic, type, structure, nonce and
// signer as in CheckQuote; the certified key is the node key; its place is the one that was said.
//
// PERMISSION_DENIED "certify_scheme", "certify_anonymous", "certify_signature", "certify_magic", "certify_type",
// "certify_structure", "certify_nonce", "certify_signer", "certify_name" or "certify_qualified_name".
Result<ClockInfo> CheckCertify(const AttestationKey& ak, const AttestEvidence& evidence,
                               const CertifyExpected& expected);

}  // namespace rootkeep::attestation
