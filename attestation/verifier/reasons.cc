#include "attestation/verifier/reasons.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rootkeep::attestation {
namespace {

struct Entry {
  std::string_view reason;
  std::string_view words;
};

constexpr auto kEntries = std::to_array<Entry>({
    {"tpm_structure", "octets are not the TPM structure that they should be"},
    {"message_size", "a field of the message is too long or too short"},
    {reason::kProtocolVersion, "the node speaks another version of the protocol"},
    {reason::kEkStructure, "the endorsement key is not one whole, valid public area"},
    {reason::kEkAttributes, "the endorsement key is not fixed to its TPM, or not for decryption alone"},
    {reason::kEkSize, "the endorsement key is of a type or size that is not accepted"},
    {reason::kEkTemplate, "the endorsement key is of no template of the TCG's profile"},
    {reason::kEkCertificateMissing, "the endorsement key has no certificate"},
    {reason::kEkCertificateMalformed, "the endorsement certificate does not parse"},
    {reason::kEkCertificateKey, "the endorsement certificate is for another key"},
    {reason::kEkCertificateVersion, "the endorsement certificate is not of version 3"},
    {reason::kEkCertificateSerial, "the endorsement certificate's serial number is not positive"},
    {reason::kEkCertificateCa, "the endorsement certificate does not say that it is no CA's"},
    {reason::kEkCertificateKeyUsage, "the endorsement certificate's key usage is not that of an endorsement key"},
    {reason::kEkCertificateExtKeyUsage, "the endorsement certificate's extended key usage is for something else"},
    {reason::kEkCertificateNames, "the endorsement certificate does not name manufacturer, model and version"},
    {reason::kEkCertificateSpecification, "the endorsement certificate is for something else than a TPM 2.0"},
    {reason::kEkChainMalformed, "a certificate beside the endorsement certificate does not parse"},
    {reason::kEkChain, "the endorsement certificate does not chain to a pinned manufacturer"},
    {reason::kEkChainTime, "a certificate of the endorsement key's chain is not valid now"},
    {reason::kEkManufacturer, "the root of the endorsement key's chain does not vouch for this manufacturer"},
    {reason::kEkRevoked, "a certificate of the endorsement key's chain was revoked"},
    {reason::kEkCrlMissing, "an issuer in the endorsement key's chain has no revocation list here"},
    {reason::kEkCrlStale, "the revocation list of an issuer in the endorsement key's chain has ended"},
    {reason::kAkStructure, "the attestation key is not one whole, valid public area"},
    {reason::kAkSize, "the attestation key is of a type or size that is not accepted"},
    {reason::kAkNameHash, "the attestation key's name is made with a weak hash function"},
    {reason::kAkNotFixed, "the attestation key can leave its TPM"},
    {reason::kAkOrigin, "the attestation key was not made in the TPM"},
    {reason::kAkNotRestricted, "the attestation key signs what the TPM did not make"},
    {reason::kAkNotSigning, "the attestation key does not sign"},
    {reason::kAkDecrypts, "the attestation key also decrypts"},
    {reason::kAkAttributes, "the attestation key has an attribute that none should have"},
    {reason::kAkScheme, "the attestation key has no signature scheme of its own that is accepted"},
    {reason::kAkSymmetric, "the attestation key is also a storage key"},
    {reason::kAkPolicy, "the attestation key has an authorisation policy"},
    {reason::kAkPlacement, "the attestation key is said to be in no place that is known"},
    {reason::kNodeKeyStructure, "the node key is not one whole, valid public area"},
    {reason::kNodeKeyAttributes, "the node key can leave its TPM, was not made there, or is for more than signing"},
    {reason::kNodeKeySize, "the node key is of a type or size that is not accepted"},
    {reason::kNodeKeyScheme, "the node key's signature scheme is not accepted"},
    {reason::kNodeKeyAuth, "the node key is used in a way that policy does not allow"},
    {reason::kNodeKeyParent, "the node key's parent is no storage key fixed to the TPM, or was not said"},
    {reason::kCsrMalformed, "the certificate request does not parse"},
    {reason::kCsrKey, "the certificate request is for another key than the node key"},
    {reason::kCsrProof, "the certificate request was not signed by the node key"},
    {reason::kPcrBank, "the TPM does not have the bank of registers that the policy requires"},
    {reason::kAttemptUsed, "the challenge was answered already, or never made"},
    {reason::kChallengeExpired, "the answer came after the challenge's deadline"},
    {reason::kActivationProof, "the credential was not activated by the TPM that has both keys"},
    {reason::kQuoteScheme, "the quote was signed under another scheme than the attestation key's"},
    {reason::kQuoteAnonymous, "the quote was signed anonymously, which leaves the nonce out"},
    {reason::kQuoteSignature, "the quote was not signed by the attestation key"},
    {reason::kQuoteMagic, "the quote was not made by a TPM"},
    {reason::kQuoteType, "what was signed is no quote"},
    {reason::kQuoteStructure, "the quote is not one whole structure"},
    {reason::kQuoteNonce, "the quote answers another challenge"},
    {reason::kQuoteSigner, "the attestation key is not where it is said to be in the TPM"},
    {reason::kQuoteSelection, "the quote is of other registers than asked for"},
    {reason::kQuoteValues, "the register values are not one for each register asked for"},
    {reason::kQuoteDigest, "the register values are not what was quoted"},
    {reason::kCertifyScheme, "the certification was signed under another scheme than the attestation key's"},
    {reason::kCertifyAnonymous, "the certification was signed anonymously, which leaves the nonce out"},
    {reason::kCertifySignature, "the certification was not signed by the attestation key"},
    {reason::kCertifyMagic, "the certification was not made by a TPM"},
    {reason::kCertifyType, "what was signed is no certification of a key"},
    {reason::kCertifyStructure, "the certification is not one whole structure"},
    {reason::kCertifyNonce, "the certification answers another challenge or is for another request"},
    {reason::kCertifySigner, "the certifying key is not where it is said to be in the TPM"},
    {reason::kCertifyName, "another key than the node key was certified"},
    {reason::kCertifyQualifiedName, "the node key is not under the parent that was said"},
    {reason::kKeyEvidenceAk, "the evidence for the key is of another TPM than the node's"},
    {reason::kRestartedBetween, "the TPM restarted between the quote and the certification"},
    {reason::kAkChanged, "the node has another attestation key than before"},
    {reason::kTpmCleared, "the TPM was cleared since the last attestation, or its clock was set back"},
    {reason::kClockRollback, "the TPM's clock is behind what it was at the last attestation"},
    {reason::kFirmwareUnlisted, "policy has no minimum firmware for this manufacturer"},
    {reason::kFirmwareOld, "the TPM's firmware is older than policy allows"},
    {reason::kPcrPolicyEmpty, "the policy requires no register or accepts no values"},
    {reason::kPcrPolicyIncomplete, "no generation of the policy judges just the registers that it requires"},
    {reason::kPcrNotQuoted, "the policy requires registers that were not asked for"},
    {reason::kPcrMismatch, "a register has a value that the policy does not allow"},
    {reason::kPcrLearning, "the policy is learning: values were recorded, nothing was verified"},
    {reason::kBootLogMissing, "the policy judges what was measured at boot, and there is no boot log"},
    {reason::kBootEventNotAllowed, "something was measured at boot that the policy does not allow"},
    {reason::kBootEventMissing, "nothing was measured at boot of what the policy requires"},
    {reason::kInternal, "the evidence could not be judged"},
});

// Of the service and its policy, not of the node.
constexpr auto kOurs =
    std::to_array<std::string_view>({reason::kFirmwareUnlisted, reason::kPcrPolicyEmpty, reason::kPcrPolicyIncomplete,
                                     reason::kPcrNotQuoted, reason::kInternal});

}  // namespace

Consequence ConsequenceOf(std::string_view reason) {
  if (reason == reason::kRestartedBetween) return Consequence::kRepeat;
  if (reason == reason::kTpmCleared || reason == reason::kAkChanged) return Consequence::kEnrolAgain;
  const bool ours = std::ranges::find(kOurs, reason) != kOurs.end();
  return ours ? Consequence::kNoVerdict : Consequence::kFailed;
}

std::string_view InWords(std::string_view reason) {
  const auto* const found = std::ranges::find(kEntries, reason, &Entry::reason);
  return found == kEntries.end() ? reason : found->words;
}

Error Failure(std::string_view reason, std::string_view detail) {
  std::string message(InWords(reason));
  if (!detail.empty()) message += fmt::format(": {}", detail);
  return PermissionDenied(std::move(message)).WithReason(reason);
}

}  // namespace rootkeep::attestation
