#include "signer/node/evidence_record.h"

#include <fmt/format.h>

#include "signer/node/pcr_text.h"

namespace rootkeep {
namespace {

using attestation::Algorithm;

void Append(Bytes& out, ByteView part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out.push_back(static_cast<std::uint8_t>(size >> shift));
  out.insert(out.end(), part.begin(), part.end());
}

}  // namespace

Arrival ArrivalOf(const attestation::Attempt& attempt) {
  const attestation::EkIdentity& ek = attempt.ek();
  Arrival arrival{
      .claimed_node = attempt.init().claimed_node_id, .ek_sha256 = ToHex(ek.spki_digest), .chained = ek.chained};
  if (ek.chained) arrival.tpm = fmt::format("{} {} {}", ek.names.manufacturer, ek.names.model, ek.names.version);
  return arrival;
}

Result<std::string> EvidenceDigest(const attestation::AttestEvidence& evidence) {
  Bytes all;
  for (const Bytes* part : {&evidence.activation_proof, &evidence.quote_attest, &evidence.quote_signature,
                            &evidence.certify_attest, &evidence.certify_signature, &evidence.boot_log}) {
    Append(all, *part);
  }
  for (const attestation::PcrValue& value : evidence.pcr_values) {
    all.push_back(value.index);
    Append(all, value.digest);
  }
  RK_TRY(const Bytes digest, attestation::TpmHash(Algorithm::kSha256, all));
  return ToHex(digest);
}

NodeEvidence EvidenceOf(const attestation::Verdict& verdict, Algorithm bank, std::int64_t now) {
  return {.at = now,
          .pcrs = PcrText(bank, verdict.pcrs),
          .pcr_digest = verdict.pcr_digest,
          .generation = verdict.generation,
          .firmware = verdict.firmware_version};
}

std::optional<attestation::LastSeen> LastSeenOf(const Node& node) {
  if (!node.clock) return std::nullopt;
  return attestation::LastSeen{.ak_name = node.ak_name,
                               .clock = {.clock = node.clock->clock,
                                         .reset_count = node.clock->reset_count,
                                         .restart_count = node.clock->restart_count,
                                         .safe = node.clock->safe}};
}

}  // namespace rootkeep
