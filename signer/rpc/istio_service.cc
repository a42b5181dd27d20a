#include "signer/rpc/istio_service.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

#include "keystore/base/guard.h"
#include "keystore/base/log.h"
#include "signer/rpc/gathered_asks.h"
#include "signer/rpc/peer.h"
#include "signer/rpc/request_id.h"
#include "signer/rpc/status.h"
#include "signer/rpc/unary_call.h"

namespace rootkeep {
namespace {

using istio::v1::auth::IstioCertificateRequest;
using istio::v1::auth::IstioCertificateResponse;

// Calls asked for in advance on each queue: a burst then need not wait until one has been taken up.
constexpr int kWaiting = 64;

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

// Takes the leaf out of `issued`.
void Fill(IstioCertificateResponse& response, Issued& issued) {
  const auto& chain = issued.authority->chain_elements();
  response.mutable_cert_chain()->Reserve(static_cast<int>(chain.size()) + 2);
  response.add_cert_chain(std::move(issued.leaf_pem));
  for (const std::string& element : chain) response.add_cert_chain(element);
  response.add_cert_chain(issued.authority->trust_bundle_pem());
}

}  // namespace

// Answered exactly once, on any thread.
class IstioService::Call final : public UnaryCall<IstioCertificateRequest, IstioCertificateResponse> {
 public:
  Call(IstioService& door, GatheredAsks& asks, const CallQueue& queue) : UnaryCall(queue), door_(door), asks_(asks) {}

 private:
  void Ask() override {
    door_.service_.RequestCreateCertificate(&context(), &request(), &responder(), queue(), queue(), tag());
  }
  void Replace() override { Wait<Call>(door_, asks_, calls()); }

  // Nothing of ours throws; what a library threw (out of memory, say) ends this call and not the process.
  void Handle() override {
    try {
      Work();
    } catch (...) {
      // So short that no memory is needed for it.
      Answer(Unavailable("exception").WithReason("exception"));
    }
  }

  void Work() {
    context().AddTrailingMetadata(kRequestIdHeader, request_id_);
    const Peer peer(context());
    peer_ = peer.address();
    // Health has a listener without TLS on the same server.
    if (!peer.encrypted()) return Answer(Unauthenticated("not a TLS connection").WithReason("plaintext"));
    door_.metrics_.CountRequest();
    AuthOutcome outcome = door_.authenticator_.Authenticate(peer.call());
    if (const auto* error = std::get_if<Error>(&outcome)) {
      Answer(*error);
    } else if (auto* caller = std::get_if<Caller>(&outcome)) {
      caller_ = Describe(caller->identities);
      node_ = caller->attested_node;
      const auto self = std::static_pointer_cast<Call>(shared_from_this());
      asks_.Add({.caller = std::move(*caller),
                 .request = ToIssuanceRequest(request(), request_id_),
                 .deadline = std::min(After(door_.max_duration_), peer.deadline()),
                 .done = [self](Result<Issued> result) { self->Answer(std::move(result)); }});
    } else {
      Answer(Unauthenticated("neither a client certificate nor a bearer token").WithReason("no_credential"));
    }
  }

  // Whoever is first.
  void Answer(Result<Issued> result) {
    if (answered_.exchange(true)) return;
    grpc::Status status(grpc::StatusCode::UNAVAILABLE, {});
    RunGuarded("rpc_exception", [&] { status = result.ok() ? Grant(std::move(*result)) : Refuse(result.error()); });
    RunGuarded("rpc_exception", [&] {
      if (status.ok()) return Finish();
      FinishWithError(status);
    });
  }

  grpc::Status Grant(Issued issued) {
    Fill(response(), issued);
    log::Debug("certificate_issued",
               {{"request_id", request_id_}, {"caller", caller_}, {"attested_node", node_}, {"serial", issued.serial}});
    door_.metrics_.CountSuccess();
    return grpc::Status::OK;
  }

  grpc::Status Refuse(const Error& error) {
    door_.metrics_.CountRefusal(error.reason());
    if (IsAuthenticationFailure(error)) {
      door_.metrics_.CountAuthenticationFailure();
    } else {
      door_.metrics_.CountSignError(IstioErrorClass(error));
    }
    grpc::Status status = IstioStatus(error);
    log::Warning("request_refused", {{"request_id", request_id_},
                                     {"code", CodeName(static_cast<Code>(status.error_code()))},
                                     {"reason", error.reason()},
                                     {"detail", error.ToString()},
                                     {"caller", caller_},
                                     {"attested_node", node_},
                                     {"peer", peer_}});
    // gRPC's own retries wait for as long, in every language, where a client has them configured.
    if (const auto wait = error.retry_after()) {
      context().AddTrailingMetadata(kRetryPushbackHeader, std::to_string(wait->count()));
    }
    return status;
  }

  IstioService& door_;
  GatheredAsks& asks_;
  const std::string request_id_ = NewRequestId();
  std::string caller_;
  std::string node_;  // the attested one that carried the call
  std::string peer_;
  std::atomic<bool> answered_ = false;
};

IstioService::IstioService(const Authenticator& authenticator, Issuer& issuer, Metrics& metrics,
                           std::chrono::milliseconds max_duration)
    : authenticator_(authenticator), issuer_(issuer), metrics_(metrics), max_duration_(max_duration) {}

IstioService::~IstioService() = default;

void IstioService::Await(const CallQueue& queue) {
  GatheredAsks& asks = *gathered_.emplace_back(std::make_unique<GatheredAsks>(issuer_, queue.deferred));
  const CallQueue mine = queue.ForService();
  for (int i = 0; i < kWaiting; ++i) Call::Wait<Call>(*this, asks, mine);
}

}  // namespace rootkeep
