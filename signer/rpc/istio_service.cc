#include "signer/rpc/istio_service.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

#include "keystore/base/log.h"
#include "signer/rpc/peer.h"
#include "signer/rpc/request_id.h"
#include "signer/rpc/status.h"

namespace rootkeep {
namespace {

using istio::v1::auth::IstioCertificateRequest;
using istio::v1::auth::IstioCertificateResponse;

// A value that is no string counts as absent, as does an empty one (istio-protocol §1.2).
std::string MetadataText(const IstioCertificateRequest& request, const char* key) {
  const auto& fields = request.metadata().fields();
  const auto found = fields.find(key);
  return found == fields.end() ? std::string() : found->second.string_value();
}

IssuanceRequest ToIssuanceRequest(const IstioCertificateRequest& request, std::string request_id) {
  // CertSigner names nothing here: the built-in CA answers the same with or without it (case 50).
  return {.csr_pem = request.csr(),
          .requested_ttl = request.validity_duration(),
          .impersonated_identity = MetadataText(request, "ImpersonatedIdentity"),
          .authority = {},
          .request_id = std::move(request_id)};
}

void Fill(IstioCertificateResponse& response, Issued issued) {
  const auto& chain = issued.authority->chain_elements();
  response.mutable_cert_chain()->Reserve(static_cast<int>(chain.size()) + 2);
  response.add_cert_chain(std::move(issued.leaf_pem));
  for (const std::string& element : chain) response.add_cert_chain(element);
  response.add_cert_chain(issued.authority->trust_bundle_pem());
}

}  // namespace

// What one call needs until it is finished; held by the issuer's continuation. Finished exactly once.
class IstioService::Call {
 public:
  Call(IstioService& service, IstioCertificateResponse& response, grpc::ServerUnaryReactor& reactor)
      : service_(service), response_(response), reactor_(reactor), request_id_(NewRequestId()) {}

  [[nodiscard]] const std::string& request_id() const { return request_id_; }
  void SetCaller(const Caller& caller) { caller_ = Describe(caller.identities); }
  void SetPeer(std::string_view peer) { peer_ = peer; }

  void Finish(Result<Issued> result) {
    if (finished_.exchange(true)) return;
    if (!result.ok()) return Refuse(result.error());
    log::Debug("certificate_issued", {{"request_id", request_id_}, {"caller", caller_}, {"serial", result->serial}});
    try {
      Fill(response_, std::move(*result));
    } catch (...) {
      return Refuse(Unavailable("an exception ended the call").WithReason("exception"));
    }
    service_.metrics_.CountSuccess();
    reactor_.Finish(grpc::Status::OK);
  }

 private:
  void Refuse(const Error& error) {
    service_.metrics_.CountRefusal(error.reason());
    if (IsAuthenticationFailure(error)) {
      service_.metrics_.CountAuthenticationFailure();
    } else {
      service_.metrics_.CountSignError(IstioErrorClass(error));
    }
    const grpc::Status status = IstioStatus(error);
    log::Warning("request_refused", {{"request_id", request_id_},
                                     {"code", CodeName(static_cast<Code>(status.error_code()))},
                                     {"reason", error.reason()},
                                     {"detail", error.ToString()},
                                     {"caller", caller_},
                                     {"peer", peer_}});
    reactor_.Finish(status);
  }

  IstioService& service_;
  IstioCertificateResponse& response_;
  grpc::ServerUnaryReactor& reactor_;
  const std::string request_id_;
  std::string caller_;
  std::string peer_;
  std::atomic<bool> finished_ = false;
};

IstioService::IstioService(const Authenticator& authenticator, Issuer& issuer, Metrics& metrics,
                           std::chrono::milliseconds max_duration)
    : authenticator_(authenticator), issuer_(issuer), metrics_(metrics), max_duration_(max_duration) {}

grpc::ServerUnaryReactor* IstioService::CreateCertificate(grpc::CallbackServerContext* context,
                                                          const IstioCertificateRequest* request,
                                                          IstioCertificateResponse* response) {
  auto* reactor = context->DefaultReactor();
  std::shared_ptr<Call> call;
  // Nothing of ours throws; what a library threw (out of memory, say) ends this call and not the process.
  try {
    call = std::make_shared<Call>(*this, *response, *reactor);
    Handle(*context, *request, call);
  } catch (...) {
    if (call != nullptr) {
      call->Finish(Unavailable("an exception ended the call").WithReason("exception"));
    } else {
      reactor->Finish({grpc::StatusCode::UNAVAILABLE, "CSR signing error (out of resources)"});
    }
  }
  return reactor;
}

void IstioService::Handle(grpc::CallbackServerContext& context, const IstioCertificateRequest& request,
                          const std::shared_ptr<Call>& call) {
  metrics_.CountRequest();
  context.AddTrailingMetadata(kRequestIdHeader, call->request_id());
  const Peer peer(context);
  call->SetPeer(peer.address());
  const AuthOutcome outcome = authenticator_.Authenticate(peer.call());
  if (const auto* error = std::get_if<Error>(&outcome)) {
    call->Finish(*error);
  } else if (const auto* caller = std::get_if<Caller>(&outcome)) {
    call->SetCaller(*caller);
    issuer_.Issue(*caller, ToIssuanceRequest(request, call->request_id()),
                  std::min(After(max_duration_), peer.deadline()),
                  [call](Result<Issued> result) { call->Finish(std::move(result)); });
  } else {
    call->Finish(Unauthenticated("neither a client certificate nor a bearer token").WithReason("no_credential"));
  }
}

}  // namespace rootkeep
