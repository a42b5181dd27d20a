#include "tools/rootkeep-agent/istio_source.h"

#include "keystore/base/file.h"
#include "signer/client/token_file.h"
#include "tools/attestation/key_evidence.h"

namespace rootkeep::agent {
namespace {

// For a TPM that others use too.
constexpr std::chrono::seconds kEvidenceLimit{30};

}  // namespace

IstioSource::IstioSource(CertificateConfig config, const TpmOpener::Opened* tpm, std::stop_token stop)
    : config_(std::move(config)),
      loader_(tpm == nullptr ? nullptr : std::make_shared<tpm2::KeyLoader>(tpm->tpm, tpm->options)),
      stop_(std::move(stop)) {}

Result<CertificateAnswer> IstioSource::Ask(const CertificateRequest& request) {
  constexpr std::size_t kMaxAnchors = std::size_t{1} << 20;
  IstioClientOptions options;
  options.channel.address = config_.address;
  options.channel.server_name = config_.server_name;
  RK_TRY(options.channel.root_pem, ReadFile(config_.anchors_file, kMaxAnchors));
  RK_RETURN_IF_ERROR(AddProof(request, options));
  options.cluster_id = config_.cluster_id;
  // Whoever asks waits longer between two tries than a call's own would.
  options.retry.attempts = 1;
  options.stop = stop_;
  RK_TRY(const auto client, IstioClient::Make(std::move(options)));
  RK_TRY(IstioClient::Answer answer, client->CreateCertificate(request.csr_pem, request.lifetime.count(), ""));
  return CertificateAnswer{.elements = std::move(answer.cert_chain), .renew_by = std::nullopt};
}

Status IstioSource::AddProof(const CertificateRequest& request, IstioClientOptions& options) const {
  if (request.shown != nullptr) {
    options.channel.certificate_chain_pem = request.shown->chain_pem;
    options.channel.private_key_pem = SecretBytes(request.shown->key_reference);
    return Ok();
  }
  if (config_.token_file.empty()) {
    return FailedPrecondition("there is no certificate that can be shown, and no token_file")
        .WithHint(
            "an operator puts a certificate for the key into chain_file and its roots into bundle_file, or "
            "configures a token_file");
  }
  RK_TRY(options.bearer_token, ReadTokenFile(config_.token_file));
  if (loader_ == nullptr) return Ok();
  RK_TRY(options.key_evidence, EvidenceFor(loader_, request.key.label, After(kEvidenceLimit)));
  return Ok();
}

}  // namespace rootkeep::agent
