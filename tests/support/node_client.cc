#include "tests/support/node_client.h"

#include <algorithm>

#include "attestation/wire/algorithm.h"

namespace rootkeep::testing {
namespace {

std::string Text(ByteView octets) { return std::string(AsText(octets)); }
Bytes Octets(const std::string& text) { return ToBytes(AsBytes(text)); }

}  // namespace

v1::AttestInit ToProto(const attestation::AttestInit& init, ByteView server_identity) {
  v1::AttestInit message;
  message.set_protocol_version(init.protocol_version);
  message.set_claimed_node_id(init.claimed_node_id);
  message.set_ek_public(Text(init.ek_public));
  message.set_ek_certificate(Text(init.ek_certificate));
  for (const Bytes& certificate : init.ek_chain) message.add_ek_chain(Text(certificate));
  message.set_ak_public(Text(init.ak_public));
  message.set_ak_placement(static_cast<v1::AkPlacement>(init.ak_placement));
  message.mutable_tpm()->set_manufacturer(init.tpm.manufacturer);
  message.mutable_tpm()->set_vendor(init.tpm.vendor);
  message.mutable_tpm()->set_firmware_version(init.tpm.firmware_version);
  for (const attestation::Algorithm bank : init.banks) message.add_banks(static_cast<std::uint32_t>(bank));
  message.set_node_key_public(Text(init.node_key_public));
  message.set_node_key_parent(Text(init.node_key_parent));
  message.set_csr(Text(init.csr));
  message.set_agent_nonce(Text(init.agent_nonce));
  message.set_server_identity(Text(server_identity));
  return message;
}

v1::AttestEvidence ToProto(const attestation::AttestEvidence& evidence) {
  v1::AttestEvidence message;
  message.set_activation_proof(Text(evidence.activation_proof));
  message.set_quote_attest(Text(evidence.quote_attest));
  message.set_quote_signature(Text(evidence.quote_signature));
  for (const attestation::PcrValue& value : evidence.pcr_values) {
    v1::PcrValue& pcr = *message.add_pcrs();
    pcr.set_index(value.index);
    pcr.set_digest(Text(value.digest));
  }
  message.set_certify_attest(Text(evidence.certify_attest));
  message.set_certify_signature(Text(evidence.certify_signature));
  return message;
}

attestation::AttestChallenge ToWire(const v1::AttestChallenge& challenge) {
  attestation::AttestChallenge wire{.session_id = Octets(challenge.session_id()),
                                    .id_object = Octets(challenge.id_object()),
                                    .encrypted_secret = Octets(challenge.encrypted_secret()),
                                    .server_nonce = Octets(challenge.server_nonce()),
                                    .want_boot_log = challenge.want_boot_log(),
                                    .deadline = challenge.deadline(),
                                    .server_identity = Octets(challenge.server_identity())};
  wire.pcrs.bank = static_cast<attestation::Algorithm>(challenge.pcrs().bank());
  const Bytes bitmap = Octets(challenge.pcrs().bitmap());
  std::copy_n(bitmap.begin(), std::min(bitmap.size(), wire.pcrs.bitmap.size()), wire.pcrs.bitmap.begin());
  return wire;
}

Bytes IdentityOf(ByteView certificate_der) {
  return attestation::TpmHash(attestation::Algorithm::kSha256, certificate_der).value();
}

AttestStream::AttestStream(const std::shared_ptr<grpc::Channel>& channel)
    : stub_(v1::NodeAttestation::NewStub(channel)) {
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  stream_ = stub_->Attest(&context_);
}

bool AttestStream::Send(const v1::AttestInit& init) {
  v1::AttestRequest request;
  *request.mutable_init() = init;
  return stream_->Write(request);
}

bool AttestStream::Send(const v1::AttestEvidence& evidence) {
  v1::AttestRequest request;
  *request.mutable_evidence() = evidence;
  return stream_->Write(request);
}

bool AttestStream::SendBootLogPart(const std::string& part) {
  v1::AttestRequest request;
  request.set_boot_log_part(part);
  return stream_->Write(request);
}

std::string AttestStream::Trailer(const std::string& key) const {
  const auto& trailers = context_.GetServerTrailingMetadata();
  const auto found = trailers.find(key);
  return found == trailers.end() ? "" : std::string(found->second.data(), found->second.size());
}

AttestOutcome AttestOver(const std::shared_ptr<grpc::Channel>& channel, const AttestNode& node,
                         const std::string& node_id, ByteView server_identity, const std::string& boot_log) {
  attestation::AttestInit init = node.Init();
  init.claimed_node_id = node_id;
  AttestStream stream(channel);
  v1::AttestResponse response;
  if (!stream.Send(ToProto(init, server_identity)) || !stream.Receive(response)) return {stream.Status(), {}};
  constexpr std::size_t kPart = std::size_t{128} << 10;
  for (std::size_t at = 0; at < boot_log.size(); at += kPart) stream.SendBootLogPart(boot_log.substr(at, kPart));
  stream.Send(ToProto(node.Answer(init, ToWire(response.challenge()))));
  v1::AttestResult result;
  if (stream.Receive(response)) result = response.result();
  return {stream.Status(), result};
}

}  // namespace rootkeep::testing
