#include "signer/rpc/node_messages.h"

#include <limits>
#include <string>
#include <utility>

namespace rootkeep {
namespace {

using attestation::Algorithm;

Error Malformed(std::string message) { return InvalidArgument(std::move(message)).WithReason("message"); }

Bytes Octets(const std::string& text) { return ToBytes(AsBytes(text)); }

std::string Text(ByteView octets) { return std::string(AsText(octets)); }

Result<attestation::AkPlacement> PlacementOf(v1::AkPlacement placement) {
  switch (placement) {
    case v1::AK_PLACEMENT_ENDORSEMENT_PRIMARY: return attestation::AkPlacement::kEndorsementPrimary;
    case v1::AK_PLACEMENT_EK_CHILD: return attestation::AkPlacement::kEkChild;
    default: return Malformed("ak_placement is none that is known");
  }
}

}  // namespace

Result<attestation::AttestInit> ToWire(v1::AttestInit&& message) {
  attestation::AttestInit init;
  init.protocol_version = message.protocol_version();
  init.claimed_node_id = std::move(*message.mutable_claimed_node_id());
  init.ek_public = Octets(message.ek_public());
  init.ek_certificate = Octets(message.ek_certificate());
  for (const std::string& certificate : message.ek_chain()) init.ek_chain.push_back(Octets(certificate));
  init.ak_public = Octets(message.ak_public());
  RK_TRY(init.ak_placement, PlacementOf(message.ak_placement()));
  init.tpm = {.manufacturer = message.tpm().manufacturer(),
              .vendor = message.tpm().vendor(),
              .firmware_version = message.tpm().firmware_version()};
  for (const std::uint32_t bank : message.banks()) {
    if (bank > std::numeric_limits<std::uint16_t>::max()) return Malformed("a bank is no TPM_ALG_ID");
    init.banks.push_back(static_cast<Algorithm>(bank));
  }
  init.node_key_public = Octets(message.node_key_public());
  init.node_key_parent = Octets(message.node_key_parent());
  init.csr = Octets(message.csr());
  init.agent_nonce = Octets(message.agent_nonce());
  return init;
}

Result<attestation::AttestEvidence> ToWire(v1::AttestEvidence&& message) {
  attestation::AttestEvidence evidence{.activation_proof = Octets(message.activation_proof()),
                                       .quote_attest = Octets(message.quote_attest()),
                                       .quote_signature = Octets(message.quote_signature()),
                                       .certify_attest = Octets(message.certify_attest()),
                                       .certify_signature = Octets(message.certify_signature())};
  for (const v1::PcrValue& value : message.pcrs()) {
    if (value.index() >= attestation::kPcrCount) return Malformed("there is no such PCR");
    evidence.pcr_values.push_back({static_cast<std::uint8_t>(value.index()), Octets(value.digest())});
  }
  return evidence;
}

attestation::KeyEvidence ReadKeyEvidence(std::string_view octets) {
  constexpr std::size_t kMaxSize = 8192;
  v1::KeyEvidence message;
  if (octets.size() > kMaxSize || !message.ParseFromArray(octets.data(), static_cast<int>(octets.size()))) return {};
  return {.ak_public = Octets(message.ak_public()),
          .key_public = Octets(message.key_public()),
          .certify_attest = Octets(message.certify_attest()),
          .certify_signature = Octets(message.certify_signature())};
}

v1::AttestChallenge ToProto(const attestation::AttestChallenge& challenge) {
  v1::AttestChallenge message;
  message.set_session_id(Text(challenge.session_id));
  message.set_id_object(Text(challenge.id_object));
  message.set_encrypted_secret(Text(challenge.encrypted_secret));
  message.set_server_nonce(Text(challenge.server_nonce));
  message.mutable_pcrs()->set_bank(static_cast<std::uint32_t>(challenge.pcrs.bank));
  message.mutable_pcrs()->set_bitmap(Text(challenge.pcrs.bitmap));
  message.set_want_boot_log(challenge.want_boot_log);
  message.set_deadline(challenge.deadline);
  message.set_server_identity(Text(challenge.server_identity));
  return message;
}

}  // namespace rootkeep
