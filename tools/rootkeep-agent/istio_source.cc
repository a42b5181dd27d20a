#include "tools/rootkeep-agent/istio_source.h"

#include "keystore/base/file.h"
#include "signer/client/istio_client.h"
#include "signer/client/token_file.h"

namespace rootkeep::agent {

Result<CertificateAnswer> IstioSource::Ask(const CertificateRequest& request) {
  constexpr std::size_t kMaxAnchors = std::size_t{1} << 20;
  IstioClientOptions options;
  options.channel.address = config_.address;
  options.channel.server_name = config_.server_name;
  RK_TRY(options.channel.root_pem, ReadFile(config_.anchors_file, kMaxAnchors));
  if (request.shown != nullptr) {
    options.channel.certificate_chain_pem = request.shown->chain_pem;
    options.channel.private_key_pem = SecretBytes(request.shown->key_reference);
  } else if (config_.token_file.empty()) {
    return FailedPrecondition("there is no certificate that can be shown, and no token_file")
        .WithHint(
            "an operator puts a certificate for the key into chain_file and its roots into bundle_file, or "
            "configures a token_file");
  } else {
    RK_TRY(options.bearer_token, ReadTokenFile(config_.token_file));
  }
  options.cluster_id = config_.cluster_id;
  // Whoever asks waits longer between two tries than a call's own would.
  options.retry.attempts = 1;
  options.stop = stop_;
  RK_TRY(const auto client, IstioClient::Make(std::move(options)));
  RK_TRY(IstioClient::Answer answer, client->CreateCertificate(request.csr_pem, request.lifetime.count(), ""));
  return CertificateAnswer{.elements = std::move(answer.cert_chain), .renew_by = std::nullopt};
}

}  // namespace rootkeep::agent
