#include "attestation/verifier/attempt.h"

#include <algorithm>

#include "attestation/verifier/certify.h"
#include "attestation/verifier/csr_proof.h"
#include "attestation/verifier/make_credential.h"
#include "attestation/verifier/pcr_judgement.h"
#include "attestation/verifier/qualified_name.h"
#include "attestation/verifier/quote.h"
#include "attestation/verifier/signed_attest.h"
#include "attestation/verifier/signing_key.h"
#include "attestation/wire/transcript.h"
#include "keystore/base/guard.h"
#include "keystore/base/random.h"

namespace rootkeep::attestation {
namespace {

// Where the AK says that it is; a quote shows whether it is there.
Result<Bytes> AkQualifiedName(AkPlacement placement, const EndorsementKey& ek, const AttestationKey& ak) {
  switch (placement) {
    case AkPlacement::kEndorsementPrimary:
      return QualifiedNameOfPrimary(kEndorsementHierarchy, ak.area.name_alg, ak.name);
    case AkPlacement::kEkChild: {
      RK_TRY(const Bytes parent, QualifiedNameOfPrimary(kEndorsementHierarchy, ek.area.name_alg, ek.name));
      return QualifiedNameOfChild(parent, ak.area.name_alg, ak.name);
    }
  }
  return Failure(reason::kAkPlacement);
}

Status CheckOptions(const ChallengeOptions& options) {
  if (!IsStrongHash(options.pcrs.bank) || SelectedPcrs(options.pcrs).empty()) {
    return InvalidArgument("a challenge asks for PCRs of one bank of sha256, sha384 or sha512");
  }
  if (options.server_identity.size() != kServerIdentitySize) {
    return InvalidArgument("a challenge names its server by 32 octets");
  }
  return Ok();
}

void Explain(const Error& error, Verdict& verdict) {
  const std::string_view why = error.reason().empty() ? reason::kInternal : error.reason();
  verdict.reason = why;
  verdict.explanation = error.message();
  verdict.consequence = ConsequenceOf(why);
  verdict.learned = why == reason::kPcrLearning;
}

}  // namespace

Result<Attempt> Attempt::Begin(AttestInit init, const EkTrust& trust, WallTime now) {
  RK_RETURN_IF_ERROR(CheckSizes(init));
  if (init.protocol_version != kProtocolVersion) return Failure(reason::kProtocolVersion);
  RK_TRY(EndorsementKey ek, CheckEk(init.ek_public));
  RK_TRY(AttestationKey ak, CheckAk(init.ak_public));
  RK_TRY(NodeKey node_key, CheckNodeKey(init.node_key_public));
  Attempt attempt(std::move(init), std::move(ek), std::move(ak), std::move(node_key));
  RK_TRY(attempt.ak_qualified_name_, AkQualifiedName(attempt.init_.ak_placement, attempt.ek_, attempt.ak_));
  RK_TRY(attempt.node_qualified_name_, QualifiedNameBelow(attempt.init_.node_key_parent, attempt.node_key_));
  RK_RETURN_IF_ERROR(CheckCsr(attempt.init_.csr, attempt.node_key_.spki));
  RK_RETURN_IF_ERROR(attempt.IdentifyEk(trust, now));
  return attempt;
}

Status Attempt::IdentifyEk(const EkTrust& trust, WallTime now) {
  RK_TRY(identity_.spki_digest, TpmHash(Algorithm::kSha256, ek_.spki));
  if (init_.ek_certificate.empty()) {
    identity_.unchained_reason = reason::kEkCertificateMissing;
    return Ok();
  }
  RK_TRY(const ByteView der, UnwrapEkCertificate(init_.ek_certificate));
  RK_TRY(const ossl::Cert cert, ReadCertificate(der, reason::kEkCertificateMalformed));
  RK_RETURN_IF_ERROR(CheckEkCertificateKey(cert.get(), ek_.spki));
  Result<TpmNames> names = CheckEkProfile(cert.get(), std::holds_alternative<RsaKey>(ek_.area.key));
  const Status chain =
      names.ok() ? trust.Check(cert.get(), init_.ek_chain, names->manufacturer, now) : Status(names.error());
  if (!chain.ok()) {
    identity_.unchained_reason = chain.error().reason();
    return chain.error().code() == Code::kPermissionDenied ? Ok() : chain;
  }
  identity_.chained = true;
  identity_.names = std::move(*names);
  return Ok();
}

Result<AttestChallenge> Attempt::Challenge(const ChallengeOptions& options) {
  if (state_ != State::kBegun) return FailedPrecondition("an attempt has one challenge");
  RK_RETURN_IF_ERROR(CheckOptions(options));
  if (std::ranges::find(init_.banks, options.pcrs.bank) == init_.banks.end()) {
    return Failure(reason::kPcrBank, AlgorithmName(options.pcrs.bank));
  }
  RK_TRY(Bytes secret, RandomBytes(kSecretSize));
  secret_ = SecretBytes(std::move(secret));
  RK_TRY(Credential credential, MakeCredential(ek_, ak_.name, secret_));
  AttestChallenge challenge{.id_object = std::move(credential.id_object),
                            .encrypted_secret = std::move(credential.encrypted_secret),
                            .pcrs = options.pcrs,
                            .want_boot_log = options.want_boot_log,
                            .deadline = ToUnixSeconds(options.deadline),
                            .server_identity = options.server_identity};
  RK_TRY(challenge.session_id, RandomBytes(kSessionIdSize));
  RK_TRY(challenge.server_nonce, RandomBytes(kServerNonceSize));
  RK_TRY(transcript_, Transcript(init_, challenge));
  pcrs_ = challenge.pcrs;
  deadline_ = challenge.deadline;
  state_ = State::kChallenged;
  return challenge;
}

Verdict Attempt::Verify(const AttestEvidence& evidence, const AttestationPolicy& policy,
                        const std::optional<LastSeen>& last, WallTime now) {
  Verdict verdict;
  const bool judged = RunGuarded("attestation.verify", [&] {
    const Status status = Judge(evidence, policy, last, now, verdict);
    if (!status.ok()) Explain(status.error(), verdict);
    verdict.passed = status.ok();
  });
  state_ = State::kJudged;
  secret_.Clear();
  if (judged) return verdict;
  verdict.passed = false;
  verdict.reason = reason::kInternal;  // as short as a string holds without memory
  verdict.explanation.clear();
  verdict.consequence = Consequence::kNoVerdict;
  return verdict;
}

Status Attempt::Judge(const AttestEvidence& evidence, const AttestationPolicy& policy,
                      const std::optional<LastSeen>& last, WallTime now, Verdict& verdict) const {
  if (state_ != State::kChallenged) return Failure(reason::kAttemptUsed);
  if (ToUnixSeconds(now) > deadline_) return Failure(reason::kChallengeExpired);
  RK_RETURN_IF_ERROR(CheckSizes(evidence));
  RK_RETURN_IF_ERROR(CheckActivation(evidence));
  verdict.activated = true;
  RK_RETURN_IF_ERROR(CheckAttested(evidence, verdict));
  if (last.has_value()) RK_RETURN_IF_ERROR(CheckSince(*last, ak_.name, verdict.clock));
  if (policy.node_key.require_parent && !node_qualified_name_.has_value()) return Failure(reason::kNodeKeyParent);
  RK_RETURN_IF_ERROR(CheckNodeKeyAuth(node_key_, policy.node_key));
  RK_RETURN_IF_ERROR(CheckFirmware(policy.firmware, identity_.names.manufacturer, verdict.firmware_version));
  PcrJudgement pcrs = JudgePcrs(policy.pcrs, pcrs_, verdict.pcrs, evidence.boot_log);
  verdict.generation = std::move(pcrs.generation);
  verdict.differing_pcrs = std::move(pcrs.differing);
  return std::move(pcrs.status);  // a copy ends the program for want of memory (tl::expected)
}

Status Attempt::CheckActivation(const AttestEvidence& evidence) const {
  RK_TRY(const Bytes proof, ActivationProof(transcript_, secret_.RevealForUse()));
  if (!EqualInConstantTime(evidence.activation_proof, proof)) return Failure(reason::kActivationProof);
  return Ok();
}

// What the TPM signed, and that both signatures are of one boot.
Status Attempt::CheckAttested(const AttestEvidence& evidence, Verdict& verdict) const {
  RK_TRY(const Bytes quote_nonce, QuoteNonce(transcript_, secret_.RevealForUse()));
  RK_TRY(QuotedPcrs quoted,
         CheckQuote(ak_, evidence, {.nonce = quote_nonce, .qualified_signer = ak_qualified_name_, .pcrs = pcrs_}));
  verdict.quoted = true;
  verdict.clock = quoted.clock;
  verdict.firmware_version = quoted.firmware_version;
  verdict.pcrs = std::move(quoted.values);
  verdict.pcr_digest = std::move(quoted.digest);
  RK_TRY(const Bytes certify_nonce, CertifyNonce(transcript_, secret_.RevealForUse(), init_.csr));
  RK_TRY(const ClockInfo certified, CheckCertify(ak_, evidence,
                                                 {.nonce = certify_nonce,
                                                  .qualified_signer = ak_qualified_name_,
                                                  .name = node_key_.name,
                                                  .qualified_name = node_qualified_name_}));
  return CheckSameBoot(verdict.clock, certified);
}

}  // namespace rootkeep::attestation
