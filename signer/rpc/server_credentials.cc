#include "signer/rpc/server_credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <string_view>
#include <vector>

#include "keystore/base/log.h"
#include "signer/authn/client_certificate.h"
#include "signer/authn/node_leaf.h"

namespace rootkeep {
namespace {

constexpr unsigned kReloadSeconds = 1;

namespace tls = grpc::experimental;

// After the chain has been verified: exactly one URI name, of istio's form or a node's, in a trust domain of ours. No
// certificate at all is fine; the call then has to bring a token.
class ClientCertificateRule final : public tls::ExternalCertificateVerifier {
 public:
  explicit ClientCertificateRule(std::vector<std::string> trust_domains) : trust_domains_(std::move(trust_domains)) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* status) override {
    *status = Judge(*request);
    return true;
  }
  void Cancel(tls::TlsCustomVerificationCheckRequest*) override {}

 private:
  grpc::Status Judge(tls::TlsCustomVerificationCheckRequest& request) const try {
    if (request.peer_cert().empty()) return grpc::Status::OK;
    std::vector<std::string_view> uris;
    for (const auto& uri : request.uri_names()) uris.emplace_back(uri.data(), uri.size());
    if (HasNodeName(uris, trust_domains_)) return grpc::Status::OK;
    const auto id = TheWorkloadIdentity(uris, trust_domains_);
    if (!id.ok()) return Refuse(id.error());
    return grpc::Status::OK;
  } catch (...) {
    return Refuse(Internal("the client certificate could not be judged"));
  }

  static grpc::Status Refuse(const Error& why) {
    log::Warning("handshake_refused", {{"reason", why.reason()}, {"detail", why.message()}});
    return {grpc::StatusCode::UNAUTHENTICATED, "client certificate refused"};
  }

  const std::vector<std::string> trust_domains_;
};

}  // namespace

Result<std::unique_ptr<ServingIdentity>> ServingIdentity::Make(std::string_view private_key_pem,
                                                               std::string_view chain_pem,
                                                               std::string_view client_roots_pem) {
  RK_TRY(MemoryFile key, MemoryFile::Make("serving-key", private_key_pem));
  RK_TRY(MemoryFile chain, MemoryFile::Make("serving-chain", chain_pem));
  RK_TRY(MemoryFile roots, MemoryFile::Make("client-roots", client_roots_pem));
  return std::unique_ptr<ServingIdentity>(new ServingIdentity(std::move(key), std::move(chain), std::move(roots)));
}

Status ServingIdentity::ReplaceChain(std::string_view chain_pem) {
  const MutexLock lock(mutex_);
  return chain_.Replace(chain_pem);
}

Status ServingIdentity::ReplaceClientRoots(std::string_view roots_pem) {
  const MutexLock lock(mutex_);
  return roots_.Replace(roots_pem);
}

std::shared_ptr<grpc::ServerCredentials> ServingIdentity::Credentials(std::vector<std::string> trust_domains) const {
  const MutexLock lock(mutex_);
  const auto provider =
      std::make_shared<tls::FileWatcherCertificateProvider>(key_.path(), chain_.path(), roots_.path(), kReloadSeconds);
  tls::TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  options.watch_root_certs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  options.set_certificate_verifier(
      tls::ExternalCertificateVerifier::Create<ClientCertificateRule>(std::move(trust_domains)));
  options.set_check_call_host(false);
  return tls::TlsServerCredentials(options);
}

}  // namespace rootkeep
