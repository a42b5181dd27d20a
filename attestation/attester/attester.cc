#include "attestation/attester/attester.h"

#include "attestation/attester/activate.h"
#include "attestation/attester/ak.h"
#include "attestation/attester/certify.h"
#include "attestation/attester/ek.h"
#include "attestation/attester/ek_certificate_file.h"
#include "attestation/attester/facts.h"
#include "attestation/attester/quote.h"
#include "attestation/wire/transcript.h"
#include "keystore/base/random.h"

namespace rootkeep::attestation {
namespace {

TpmInfo InfoOf(const tpm2::TpmIdentity& identity) {
  return {.manufacturer = identity.manufacturer.substr(0, kMaxTpmText),
          .vendor = identity.model.substr(0, kMaxTpmText),
          .firmware_version = identity.firmware};
}

Status CheckChallenge(const AttestChallenge& challenge, ByteView server_identity) {
  RK_RETURN_IF_ERROR(CheckSizes(challenge));
  if (!std::ranges::equal(challenge.server_identity, server_identity)) {
    return Error(Code::kPermissionDenied, "the challenge names another server than the connection leads to")
        .WithReason("server_identity");
  }
  if (challenge.pcrs.bank == Algorithm::kSha1 || HashSize(challenge.pcrs.bank) == 0) {
    return InvalidArgument("the challenge wants PCRs of bank " + AlgorithmName(challenge.pcrs.bank));
  }
  if (SelectedPcrs(challenge.pcrs).empty()) return InvalidArgument("the challenge wants no PCR");
  return Ok();
}

Error TpmChanged(std::string message) { return Error(Code::kAborted, std::move(message)).WithReason("tpm_changed"); }

Result<SecretBytes> Activate(ESYS_CONTEXT* esys, const Ek& ek, const TpmKey& ak, const AttestInit& init,
                             const AttestChallenge& challenge) {
  if (ek.key.encoded != init.ek_public) return TpmChanged("the TPM has another endorsement key than a moment ago");
  if (ak.encoded != init.ak_public) return TpmChanged("the TPM makes another attestation key than a moment ago");
  return ActivateCredential(esys, ek.key, ak, challenge.id_object, challenge.encrypted_secret);
}

// What the TPM has to say in `init`.
Status Introduce(tpm2::Connection& connection, const AttesterOptions& options, AttestInit& init) {
  RK_RETURN_IF_ERROR(connection.DropKept());
  ESYS_CONTEXT* const esys = connection.esys();
  init.tpm = InfoOf(connection.identity());
  RK_TRY(init.banks, AllocatedBanks(esys));
  RK_TRY(Ek ek, FindEk(esys, options.ek));
  if (!options.ek_certificate_file.empty()) {
    RK_RETURN_IF_ERROR(UseEkCertificateFile(options.ek_certificate_file, ek));
  }
  RK_TRY(const TpmKey ak, MakeAk(esys));
  init.ek_public = ek.key.encoded;
  init.ek_certificate = std::move(ek.certificate);
  init.ek_chain = std::move(ek.chain);
  init.ak_public = ak.encoded;
  return Ok();
}

// All but the boot log.
Result<AttestEvidence> Prove(tpm2::Connection& connection, std::string_view ek_name, const AttestInit& init,
                             const AttestChallenge& challenge, const KeyToCertify& key) {
  RK_RETURN_IF_ERROR(connection.DropKept());
  ESYS_CONTEXT* const esys = connection.esys();
  RK_TRY(const Bytes transcript, Transcript(init, challenge));
  SecretBytes secret;
  RK_TRY(const TpmKey ak, MakeAk(esys));
  {
    RK_TRY(const Ek ek, FindEk(esys, ek_name));
    RK_TRY(secret, Activate(esys, ek, ak, init, challenge));
  }
  AttestEvidence evidence;
  RK_TRY(evidence.activation_proof, ActivationProof(transcript, secret.RevealForUse()));
  RK_TRY(const Bytes quote_nonce, QuoteNonce(transcript, secret.RevealForUse()));
  RK_TRY(Quote quote, QuotePcrs(esys, ak, challenge.pcrs, quote_nonce));
  RK_TRY(const Bytes certify_nonce, CertifyNonce(transcript, secret.RevealForUse(), init.csr));
  RK_TRY(const KeyToCertify::Loaded loaded, key.Load(connection));
  RK_TRY(Certification certification, CertifyKey(esys, loaded.key, loaded.session, ak, certify_nonce));
  evidence.quote_attest = std::move(quote.attest);
  evidence.quote_signature = std::move(quote.signature);
  evidence.pcr_values = std::move(quote.values);
  evidence.certify_attest = std::move(certification.attest);
  evidence.certify_signature = std::move(certification.signature);
  return evidence;
}

}  // namespace

Result<AttestInit> Attester::Begin(const std::string& node_id, const KeyToCertify& key, Bytes csr,
                                   Deadline deadline) const {
  AttestInit init{.claimed_node_id = node_id,
                  .node_key_public = key.public_area(),
                  .node_key_parent = key.parent_area(),
                  .csr = std::move(csr)};
  RK_TRY(init.agent_nonce, RandomBytes(kMaxAgentNonce));
  RK_RETURN_IF_ERROR(tpm_->Run(tpm2::Tpm::Management(deadline),
                               [&](tpm2::Connection& connection) { return Introduce(connection, options_, init); }));
  RK_RETURN_IF_ERROR(CheckSizes(init));
  return init;
}

Result<AttestEvidence> Attester::Answer(const AttestInit& init, const AttestChallenge& challenge,
                                        ByteView server_identity, const KeyToCertify& key, Deadline deadline) const {
  RK_RETURN_IF_ERROR(CheckChallenge(challenge, server_identity));
  RK_TRY(AttestEvidence evidence, tpm_->Run(tpm2::Tpm::Management(deadline), [&](tpm2::Connection& connection) {
    return Prove(connection, options_.ek, init, challenge, key);
  }));
  // After the quote, so that it holds everything that was quoted.
  if (challenge.want_boot_log) {
    RK_TRY(evidence.boot_log, ReadBootLogFile(options_.boot_log_file));
  }
  RK_RETURN_IF_ERROR(CheckSizes(evidence));
  return evidence;
}

}  // namespace rootkeep::attestation
