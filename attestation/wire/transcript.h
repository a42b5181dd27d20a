// What ties the parts of one attestation together: the transcript T of both messages before the evidence, and what the
// evidence says of T and of the activated secret S. With S in it, a quote belongs to this activation of a credential
// and to no other TPM's or session's.
#pragma once

#include "attestation/wire/messages.h"

namespace rootkeep::attestation {

inline constexpr std::size_t kTranscriptSize = 32;
// Of S, which the service chooses afresh for each attempt.
inline constexpr std::size_t kSecretSize = 32;

// T = SHA-256("rootkeep-tpm-attest-v1" || Blob(init) || Blob(challenge)), 32 octets. A message is its fields in the
// order of messages.h, each of them a Blob: be32 size, then the octets. A number is big-endian in its own width, a
// truth value one octet, a list be32 count and then its entries as Blobs; `tpm` is three fields, `pcrs` two: bank and
// bitmap. INTERNAL when OpenSSL fails.
Result<Bytes> Transcript(const AttestInit& init, const AttestChallenge& challenge);

// Below, `transcript` is T and `secret` is S; INVALID_ARGUMENT when one has another size than it should, INTERNAL when
// OpenSSL fails.

// The quote's qualifying data: SHA-256("quote" || T || S).
Result<Bytes> QuoteNonce(ByteView transcript, ByteView secret);

// The certification's qualifying data: SHA-256("certify" || T || S || SHA-256(csr)); `csr` is DER.
Result<Bytes> CertifyNonce(ByteView transcript, ByteView secret, ByteView csr);

// Shows that the secret was activated: HMAC-SHA-256(S, "activate" || T). Compare in constant time.
Result<Bytes> ActivationProof(ByteView transcript, ByteView secret);

}  // namespace rootkeep::attestation
