#include "signer/client/channel_credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <string_view>
#include <utility>
#include <vector>

#include "signer/client/host_check.h"

namespace rootkeep {
namespace {

namespace tls = grpc::experimental;

// After the chain has been verified.
class HostRule final : public tls::ExternalCertificateVerifier {
 public:
  explicit HostRule(std::string host) : host_(std::move(host)) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* status) override {
    *status = Judge(*request);
    return true;
  }
  void Cancel(tls::TlsCustomVerificationCheckRequest*) override {}

 private:
  grpc::Status Judge(const tls::TlsCustomVerificationCheckRequest& request) const try {
    const grpc::string_ref leaf = request.peer_cert();
    const Status checked = CheckHost(std::string_view(leaf.data(), leaf.size()), host_);
    if (checked.ok()) return grpc::Status::OK;
    return {grpc::StatusCode::UNAUTHENTICATED, checked.error().message()};
  } catch (...) {
    return {grpc::StatusCode::INTERNAL, "the server's certificate could not be judged"};
  }

  const std::string host_;
};

}  // namespace

std::shared_ptr<grpc::ChannelCredentials> TlsFor(const ChannelOptions& options, std::string host) {
  std::vector<tls::IdentityKeyCertPair> identities;
  if (!options.private_key_pem.empty()) {
    identities.push_back({.private_key = std::string(AsText(options.private_key_pem.RevealForUse())),
                          .certificate_chain = options.certificate_chain_pem});
  }
  tls::TlsChannelCredentialsOptions tls_options;
  tls_options.set_certificate_provider(
      std::make_shared<tls::StaticDataCertificateProvider>(options.root_pem, identities));
  tls_options.watch_root_certs();
  if (!identities.empty()) tls_options.watch_identity_key_cert_pairs();
  tls_options.set_certificate_verifier(tls::ExternalCertificateVerifier::Create<HostRule>(std::move(host)));
  // gRPC's own comparison, of any type of name. Calls name no host but their channel's.
  tls_options.set_check_call_host(false);
  return tls::TlsCredentials(tls_options);
}

}  // namespace rootkeep
