// Key evidence: what a token says about a key, signed by the key itself, as a document of its own (README.md).
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "keystore/key_info.h"
#include "keystore/signer.h"

namespace rootkeep {

inline constexpr std::size_t kMaxEvidence = 32 * 1024;

// What the key signs: this prefix, then the statement. No signature over anything else can be taken for one over
// evidence, nor the other way round:
// - All that a CA key signs besides (TBSCertificate, CertificationRequestInfo, TBSCertList) is DER that starts with the
//   octet of a SEQUENCE, 0x30. This starts with 0x72, so the octets differ, and with them the digests.
// - It is longer than the 64 octets of randomness, half of them chosen by the peer, that a TLS 1.2 server signs first;
//   TLS 1.3 starts with 0x20, a JWS with 0x65.
// - The version is inside, so that a statement of another version has another prefix.
// Nobody outside chooses any octet of what follows it but the token, and the operator by the name of the key.
inline constexpr std::string_view kEvidencePrefix =
    "rootkeep key evidence, version 1: what a token says about the key that signs this\n";
static_assert(kEvidencePrefix.front() != 0x30 && kEvidencePrefix.size() > 64);

struct KeyEvidence {
  KeyInfo key;  // its facts and voucher are the token's claims; attested is not among what evidence can say
  WallTime read_at;
  SignatureScheme scheme = SignatureScheme::kEcdsaSha256;
  Bytes signature;
};

// The document for the signer's key, whose facts were read at `read_at`. UNIMPLEMENTED for an attested key, which has
// better evidence; DATA_LOSS when the signature that the device made is not the key's; otherwise as Signer::Sign.
Result<std::string> WriteEvidence(const Signer& signer, WallTime read_at, Deadline deadline);

// The one reading. What it returns was signed by the key that is in it. INVALID_ARGUMENT with reason "evidence_form"
// for a text that is not octet for octet what WriteEvidence writes for the same content, or that contradicts itself;
// FAILED_PRECONDITION with "evidence_version" for another version; DATA_LOSS with "bad_signature".
Result<KeyEvidence> ReadEvidence(std::string_view text);

}  // namespace rootkeep
