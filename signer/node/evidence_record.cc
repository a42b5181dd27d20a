#include "signer/node/evidence_record.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "keystore/base/openssl.h"
#include "signer/node/pcr_text.h"

namespace rootkeep {
namespace {

using attestation::Algorithm;

// Octets, each part with its length before it. Nothing is copied: a boot log has megabytes.
class Sha256Parts {
 public:
  Sha256Parts() { good_ = ctx_ != nullptr && EVP_DigestInit_ex(ctx_.get(), ossl::Sha256(), nullptr) == 1; }

  void Add(ByteView part) {
    std::array<std::uint8_t, 4> size{};
    for (std::size_t i = 0; i < size.size(); ++i) size[i] = static_cast<std::uint8_t>(part.size() >> (24 - 8 * i));
    AddOctets(size);
    AddOctets(part);
  }
  void AddOctets(ByteView octets) { good_ = good_ && EVP_DigestUpdate(ctx_.get(), octets.data(), octets.size()) == 1; }
  Result<std::string> Finish() {
    std::array<std::uint8_t, 32> digest{};
    good_ = good_ && EVP_DigestFinal_ex(ctx_.get(), digest.data(), nullptr) == 1;
    if (!good_) return ossl::TakeError(Code::kInternal, "EVP_Digest");
    return ToHex(digest);
  }

 private:
  const ossl::MdCtx ctx_{EVP_MD_CTX_new()};
  bool good_ = false;
};

}  // namespace

Arrival ArrivalOf(const attestation::Attempt& attempt) {
  const attestation::EkIdentity& ek = attempt.ek();
  Arrival arrival{.claimed_node = attempt.init().claimed_node_id,
                  .ek_sha256 = ToHex(ek.spki_digest),
                  .chained = ek.chained,
                  .unchained = ek.unchained_reason};
  if (ek.chained) arrival.tpm = fmt::format("{} {} {}", ek.names.manufacturer, ek.names.model, ek.names.version);
  return arrival;
}

Result<std::string> EvidenceDigest(const attestation::AttestEvidence& evidence) {
  Sha256Parts digest;
  for (const Bytes* part : {&evidence.activation_proof, &evidence.quote_attest, &evidence.quote_signature,
                            &evidence.certify_attest, &evidence.certify_signature, &evidence.boot_log}) {
    digest.Add(*part);
  }
  for (const attestation::PcrValue& value : evidence.pcr_values) {
    digest.AddOctets({&value.index, 1});
    digest.Add(value.digest);
  }
  return digest.Finish();
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
