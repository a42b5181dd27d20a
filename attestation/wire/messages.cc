#include "attestation/wire/messages.h"

#include <fmt/format.h>

#include "attestation/wire/attest.h"
#include "attestation/wire/id_object.h"
#include "attestation/wire/public_area.h"
#include "attestation/wire/signature.h"

namespace rootkeep::attestation {
namespace {

Error WrongSize(std::string message) { return InvalidArgument(std::move(message)).WithReason(kReasonMessageSize); }

Status Within(std::string_view field, std::size_t size, std::size_t least, std::size_t most) {
  if (size >= least && size <= most) return Ok();
  return WrongSize(fmt::format("{} has {} octets, not {} to {}", field, size, least, most));
}

Status AtMost(std::string_view list, std::size_t count, std::size_t most) {
  if (count <= most) return Ok();
  return WrongSize(fmt::format("{} has {} entries, at most {} are taken", list, count, most));
}

std::size_t Total(const AttestInit& init) {
  std::size_t total = init.claimed_node_id.size() + init.ek_public.size() + init.ek_certificate.size() +
                      init.ak_public.size() + init.node_key_public.size() + init.node_key_parent.size() +
                      init.csr.size() + init.agent_nonce.size();
  for (const Bytes& certificate : init.ek_chain) total += certificate.size();
  return total;
}

}  // namespace

Status CheckSizes(const AttestInit& init) {
  RK_RETURN_IF_ERROR(Within("claimed_node_id", init.claimed_node_id.size(), 0, kMaxNodeId));
  RK_RETURN_IF_ERROR(Within("ek_public", init.ek_public.size(), 1, kMaxPublicAreaSize));
  RK_RETURN_IF_ERROR(Within("ek_certificate", init.ek_certificate.size(), 0, kMaxCertificateSize));
  RK_RETURN_IF_ERROR(AtMost("ek_chain", init.ek_chain.size(), kMaxEkChain));
  for (const Bytes& certificate : init.ek_chain) {
    RK_RETURN_IF_ERROR(Within("ek_chain", certificate.size(), 1, kMaxCertificateSize));
  }
  RK_RETURN_IF_ERROR(Within("ak_public", init.ak_public.size(), 1, kMaxPublicAreaSize));
  RK_RETURN_IF_ERROR(Within("tpm.manufacturer", init.tpm.manufacturer.size(), 0, kMaxTpmText));
  RK_RETURN_IF_ERROR(Within("tpm.vendor", init.tpm.vendor.size(), 0, kMaxTpmText));
  RK_RETURN_IF_ERROR(AtMost("banks", init.banks.size(), kMaxBanks));
  RK_RETURN_IF_ERROR(Within("node_key_public", init.node_key_public.size(), 1, kMaxPublicAreaSize));
  RK_RETURN_IF_ERROR(Within("node_key_parent", init.node_key_parent.size(), 0, kMaxPublicAreaSize));
  RK_RETURN_IF_ERROR(Within("csr", init.csr.size(), 1, kMaxCsrSize));
  RK_RETURN_IF_ERROR(Within("agent_nonce", init.agent_nonce.size(), kMinAgentNonce, kMaxAgentNonce));
  return Within("the message", Total(init), 1, kMaxInitSize);
}

Status CheckSizes(const AttestChallenge& challenge) {
  RK_RETURN_IF_ERROR(Within("session_id", challenge.session_id.size(), kSessionIdSize, kSessionIdSize));
  RK_RETURN_IF_ERROR(Within("id_object", challenge.id_object.size(), 1, kMaxIdObjectSize));
  RK_RETURN_IF_ERROR(Within("encrypted_secret", challenge.encrypted_secret.size(), 1, kMaxEncryptedSecretSize));
  RK_RETURN_IF_ERROR(Within("server_nonce", challenge.server_nonce.size(), kServerNonceSize, kServerNonceSize));
  return Within("server_identity", challenge.server_identity.size(), kServerIdentitySize, kServerIdentitySize);
}

Status CheckSizes(const AttestEvidence& evidence) {
  RK_RETURN_IF_ERROR(
      Within("activation_proof", evidence.activation_proof.size(), kActivationProofSize, kActivationProofSize));
  RK_RETURN_IF_ERROR(Within("quote_attest", evidence.quote_attest.size(), 1, kMaxAttestSize));
  RK_RETURN_IF_ERROR(Within("quote_signature", evidence.quote_signature.size(), 1, kMaxSignatureSize));
  RK_RETURN_IF_ERROR(AtMost("pcr_values", evidence.pcr_values.size(), kPcrCount));
  for (const PcrValue& value : evidence.pcr_values) {
    RK_RETURN_IF_ERROR(Within("pcr_values", value.digest.size(), 1, kMaxDigestSize));
  }
  RK_RETURN_IF_ERROR(Within("certify_attest", evidence.certify_attest.size(), 1, kMaxAttestSize));
  RK_RETURN_IF_ERROR(Within("certify_signature", evidence.certify_signature.size(), 1, kMaxSignatureSize));
  return Within("boot_log", evidence.boot_log.size(), 0, kMaxBootLogSize);
}

}  // namespace rootkeep::attestation
