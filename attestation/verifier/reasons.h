// Why an attestation failed: one stable word a rule, for records, metrics and tests, and what it means in words.
//
// Two kinds of word are the wire's: "tpm_structure" and "message_size" (attestation/wire).
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/error.h"

namespace rootkeep::attestation::reason {

// The endorsement key (EK).
inline constexpr std::string_view kProtocolVersion = "protocol_version";
inline constexpr std::string_view kEkStructure = "ek_structure";
inline constexpr std::string_view kEkAttributes = "ek_attributes";
inline constexpr std::string_view kEkSize = "ek_size";
inline constexpr std::string_view kEkTemplate = "ek_template";
// Its certificate.
inline constexpr std::string_view kEkCertificateMissing = "ek_certificate_missing";
inline constexpr std::string_view kEkCertificateMalformed = "ek_certificate_malformed";
inline constexpr std::string_view kEkCertificateKey = "ek_certificate_key";
inline constexpr std::string_view kEkCertificateVersion = "ek_certificate_version";
inline constexpr std::string_view kEkCertificateSerial = "ek_certificate_serial";
inline constexpr std::string_view kEkCertificateCa = "ek_certificate_ca";
inline constexpr std::string_view kEkCertificateKeyUsage = "ek_certificate_key_usage";
inline constexpr std::string_view kEkCertificateExtKeyUsage = "ek_certificate_ext_key_usage";
inline constexpr std::string_view kEkCertificateNames = "ek_certificate_names";
inline constexpr std::string_view kEkCertificateSpecification = "ek_certificate_specification";
inline constexpr std::string_view kEkChainMalformed = "ek_chain_malformed";
inline constexpr std::string_view kEkChain = "ek_chain";
inline constexpr std::string_view kEkChainTime = "ek_chain_time";
inline constexpr std::string_view kEkManufacturer = "ek_manufacturer";
inline constexpr std::string_view kEkRevoked = "ek_revoked";
inline constexpr std::string_view kEkCrlMissing = "ek_crl_missing";
inline constexpr std::string_view kEkCrlStale = "ek_crl_stale";
// The attestation key (AK).
inline constexpr std::string_view kAkStructure = "ak_structure";
inline constexpr std::string_view kAkSize = "ak_size";
inline constexpr std::string_view kAkNameHash = "ak_name_hash";
inline constexpr std::string_view kAkNotFixed = "ak_not_fixed";
inline constexpr std::string_view kAkOrigin = "ak_origin";
inline constexpr std::string_view kAkNotRestricted = "ak_not_restricted";
inline constexpr std::string_view kAkNotSigning = "ak_not_signing";
inline constexpr std::string_view kAkDecrypts = "ak_decrypts";
inline constexpr std::string_view kAkAttributes = "ak_attributes";
inline constexpr std::string_view kAkScheme = "ak_scheme";
inline constexpr std::string_view kAkSymmetric = "ak_symmetric";
inline constexpr std::string_view kAkPolicy = "ak_policy";
inline constexpr std::string_view kAkPlacement = "ak_placement";
// The node key and the request for its certificate.
inline constexpr std::string_view kNodeKeyStructure = "node_key_structure";
inline constexpr std::string_view kNodeKeyAttributes = "node_key_attributes";
inline constexpr std::string_view kNodeKeySize = "node_key_size";
inline constexpr std::string_view kNodeKeyScheme = "node_key_scheme";
inline constexpr std::string_view kNodeKeyAuth = "node_key_auth";
inline constexpr std::string_view kNodeKeyParent = "node_key_parent";
inline constexpr std::string_view kCsrMalformed = "csr_malformed";
inline constexpr std::string_view kCsrKey = "csr_key";
inline constexpr std::string_view kCsrProof = "csr_proof";
// The challenge.
inline constexpr std::string_view kPcrBank = "pcr_bank";
inline constexpr std::string_view kAttemptUsed = "attempt_used";
inline constexpr std::string_view kChallengeExpired = "challenge_expired";
inline constexpr std::string_view kActivationProof = "activation_proof";
// The quote.
inline constexpr std::string_view kQuoteScheme = "quote_scheme";
inline constexpr std::string_view kQuoteAnonymous = "quote_anonymous";
inline constexpr std::string_view kQuoteSignature = "quote_signature";
inline constexpr std::string_view kQuoteMagic = "quote_magic";
inline constexpr std::string_view kQuoteType = "quote_type";
inline constexpr std::string_view kQuoteStructure = "quote_structure";
inline constexpr std::string_view kQuoteNonce = "quote_nonce";
inline constexpr std::string_view kQuoteSigner = "quote_signer";
inline constexpr std::string_view kQuoteSelection = "quote_selection";
inline constexpr std::string_view kQuoteValues = "quote_values";
inline constexpr std::string_view kQuoteDigest = "quote_digest";
// The certification of the node key.
inline constexpr std::string_view kCertifyScheme = "certify_scheme";
inline constexpr std::string_view kCertifyAnonymous = "certify_anonymous";
inline constexpr std::string_view kCertifySignature = "certify_signature";
inline constexpr std::string_view kCertifyMagic = "certify_magic";
inline constexpr std::string_view kCertifyType = "certify_type";
inline constexpr std::string_view kCertifyStructure = "certify_structure";
inline constexpr std::string_view kCertifyNonce = "certify_nonce";
inline constexpr std::string_view kCertifySigner = "certify_signer";
inline constexpr std::string_view kCertifyName = "certify_name";
inline constexpr std::string_view kCertifyQualifiedName = "certify_qualified_name";
// The evidence that another key is in a node's TPM.
inline constexpr std::string_view kKeyEvidenceAk = "key_evidence_ak";
// Clock, firmware and registers.
inline constexpr std::string_view kRestartedBetween = "restarted_between";
inline constexpr std::string_view kAkChanged = "ak_changed";
inline constexpr std::string_view kTpmCleared = "tpm_cleared";
inline constexpr std::string_view kClockRollback = "clock_rollback";
inline constexpr std::string_view kFirmwareUnlisted = "firmware_unlisted";
inline constexpr std::string_view kFirmwareOld = "firmware_old";
inline constexpr std::string_view kPcrPolicyEmpty = "pcr_policy_empty";
inline constexpr std::string_view kPcrPolicyIncomplete = "pcr_policy_incomplete";
inline constexpr std::string_view kPcrNotQuoted = "pcr_not_quoted";
inline constexpr std::string_view kPcrMismatch = "pcr_mismatch";
inline constexpr std::string_view kPcrLearning = "pcr_learning";
// The boot log, where policy has rules on its events; of one that proves nothing, the words of boot_log_reasons.h.
inline constexpr std::string_view kBootLogMissing = "boot_log_missing";
inline constexpr std::string_view kBootEventNotAllowed = "boot_event_not_allowed";
inline constexpr std::string_view kBootEventMissing = "boot_event_missing";
// Anything else: memory, OpenSSL, a mistake of ours.
inline constexpr std::string_view kInternal = "internal";

}  // namespace rootkeep::attestation::reason

namespace rootkeep::attestation {

// What follows from a failure.
enum class Consequence : std::uint8_t {
  kFailed,      // the node is not what it should be
  kNoVerdict,   // the service could not judge it: a policy with a mistake in it, no memory; nothing is said of the node
  kRepeat,      // the TPM restarted in between: the same again, at once, may succeed
  kEnrolAgain,  // the TPM was cleared, or has another AK: an operator looks at it
};

// kFailed for words that are none of these.
Consequence ConsequenceOf(std::string_view reason);

// One sentence for operators, lower case without a final period; for a word that is none of these, that word.
std::string_view InWords(std::string_view reason);

// PERMISSION_DENIED with this reason, one of the words above: what every rule of this folder answers with. `detail`
// follows InWords after a colon when it is not empty.
Error Failure(std::string_view reason, std::string_view detail = "");

}  // namespace rootkeep::attestation
