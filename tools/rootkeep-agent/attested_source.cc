#include "tools/rootkeep-agent/attested_source.h"

#include "attestation/attester/store_key.h"
#include "keystore/base/file.h"
#include "keystore/base/log.h"
#include "signer/der/pem.h"
#include "tools/attestation/attest.h"

namespace rootkeep::agent {
namespace {

// With time for a TPM that makes an RSA endorsement key anew, twice.
constexpr std::chrono::seconds kLimit{90};

attestation::AttesterOptions OptionsOf(const AttestationConfig& config) {
  attestation::AttesterOptions options{.ek = config.endorsement_key, .ek_certificate_file = config.ek_certificate_file};
  if (!config.boot_log_file.empty()) options.boot_log_file = config.boot_log_file;
  return options;
}

}  // namespace

AttestedSource::AttestedSource(CertificateConfig config, const TpmOpener::Opened& tpm, std::stop_token stop)
    : config_(std::move(config)),
      loader_(std::make_shared<tpm2::KeyLoader>(tpm.tpm, tpm.options)),
      attester_(tpm.tpm, OptionsOf(*config_.attestation)),
      stop_(std::move(stop)) {}

Result<CertificateAnswer> AttestedSource::Ask(const CertificateRequest& request) {
  constexpr std::size_t kMaxAnchors = std::size_t{1} << 20;
  const Deadline deadline = After(kLimit);
  ChannelOptions service{.address = config_.address, .server_name = config_.server_name};
  RK_TRY(service.root_pem, ReadFile(config_.anchors_file, kMaxAnchors));
  RK_TRY(Bytes csr, der::FirstPemBlock(request.csr_pem));
  RK_TRY(const auto key, attestation::StoreKey::Open(loader_, request.key.label, deadline));
  RK_TRY(
      NodeCertificate issued,
      Attest(service, attester_,
             {.node_id = config_.attestation->node_id, .csr = std::move(csr), .key = *key, .stop = stop_}, deadline));
  log::Info("node_attested", {{"certificate", config_.name},
                              {"attestation", issued.attestation_id},
                              {"node", issued.node_id},
                              {"spiffe_id", issued.spiffe_id},
                              {"again_by", ToRfc3339(issued.next_attest_by)}});
  return CertificateAnswer{.elements = std::move(issued.elements), .renew_by = issued.next_attest_by};
}

}  // namespace rootkeep::agent
