#include "tools/attestation/messages.h"

#include <algorithm>

namespace rootkeep {
namespace {

std::string Text(ByteView octets) { return std::string(AsText(octets)); }

Bytes Octets(const std::string& text) { return ToBytes(AsBytes(text)); }

v1::AkPlacement ToProto(attestation::AkPlacement placement) {
  switch (placement) {
    case attestation::AkPlacement::kEndorsementPrimary: return v1::AK_PLACEMENT_ENDORSEMENT_PRIMARY;
    case attestation::AkPlacement::kEkChild: return v1::AK_PLACEMENT_EK_CHILD;
  }
  return v1::AK_PLACEMENT_UNSPECIFIED;
}

}  // namespace

v1::AttestInit ToProto(const attestation::AttestInit& init, ByteView server_identity) {
  v1::AttestInit out;
  out.set_protocol_version(init.protocol_version);
  out.set_claimed_node_id(init.claimed_node_id);
  out.set_ek_public(Text(init.ek_public));
  out.set_ek_certificate(Text(init.ek_certificate));
  for (const Bytes& certificate : init.ek_chain) out.add_ek_chain(Text(certificate));
  out.set_ak_public(Text(init.ak_public));
  out.set_ak_placement(ToProto(init.ak_placement));
  out.mutable_tpm()->set_manufacturer(init.tpm.manufacturer);
  out.mutable_tpm()->set_vendor(init.tpm.vendor);
  out.mutable_tpm()->set_firmware_version(init.tpm.firmware_version);
  for (const attestation::Algorithm bank : init.banks) out.add_banks(static_cast<std::uint32_t>(bank));
  out.set_node_key_public(Text(init.node_key_public));
  out.set_node_key_parent(Text(init.node_key_parent));
  out.set_csr(Text(init.csr));
  out.set_agent_nonce(Text(init.agent_nonce));
  out.set_server_identity(Text(server_identity));
  return out;
}

v1::AttestEvidence ToProto(const attestation::AttestEvidence& evidence) {
  v1::AttestEvidence out;
  out.set_activation_proof(Text(evidence.activation_proof));
  out.set_quote_attest(Text(evidence.quote_attest));
  out.set_quote_signature(Text(evidence.quote_signature));
  for (const attestation::PcrValue& value : evidence.pcr_values) {
    v1::PcrValue* const pcr = out.add_pcrs();
    pcr->set_index(value.index);
    pcr->set_digest(Text(value.digest));
  }
  out.set_certify_attest(Text(evidence.certify_attest));
  out.set_certify_signature(Text(evidence.certify_signature));
  return out;
}

v1::KeyEvidence ToProto(const attestation::KeyEvidence& evidence) {
  v1::KeyEvidence out;
  out.set_ak_public(Text(evidence.ak_public));
  out.set_key_public(Text(evidence.key_public));
  out.set_certify_attest(Text(evidence.certify_attest));
  out.set_certify_signature(Text(evidence.certify_signature));
  return out;
}

Result<attestation::AttestChallenge> FromProto(const v1::AttestChallenge& challenge) {
  attestation::AttestChallenge out{.session_id = Octets(challenge.session_id()),
                                   .id_object = Octets(challenge.id_object()),
                                   .encrypted_secret = Octets(challenge.encrypted_secret()),
                                   .server_nonce = Octets(challenge.server_nonce()),
                                   .pcrs = {},
                                   .want_boot_log = challenge.want_boot_log(),
                                   .deadline = challenge.deadline(),
                                   .server_identity = Octets(challenge.server_identity())};
  const std::string& bitmap = challenge.pcrs().bitmap();
  if (bitmap.size() != out.pcrs.bitmap.size() || challenge.pcrs().bank() > 0xffff) {
    return InvalidArgument("the challenge's PCR selection is malformed").WithReason(attestation::kReasonMessageSize);
  }
  out.pcrs.bank = static_cast<attestation::Algorithm>(challenge.pcrs().bank());
  std::ranges::copy(AsBytes(bitmap), out.pcrs.bitmap.begin());
  RK_RETURN_IF_ERROR(CheckSizes(out));
  return out;
}

}  // namespace rootkeep
