// IstioCertificateService: the door that ztunnel and istio-agent knock at.
#pragma once

#include <chrono>
#include <memory>

#include "proto/istio/ca.grpc.pb.h"
#include "signer/authn/authenticator.h"
#include "signer/issue/issuer.h"
#include "signer/metrics/metrics.h"

namespace rootkeep {

// A few lines between gRPC and Issuer. Thread-safe; called on gRPC's threads.
class IstioService final : public istio::v1::auth::IstioCertificateService::CallbackService {
 public:
  // All outlive the service. `max_duration` bounds every call, whatever the client asks.
  IstioService(const Authenticator& authenticator, Issuer& issuer, Metrics& metrics,
               std::chrono::milliseconds max_duration);

  grpc::ServerUnaryReactor* CreateCertificate(grpc::CallbackServerContext* context,
                                              const istio::v1::auth::IstioCertificateRequest* request,
                                              istio::v1::auth::IstioCertificateResponse* response) override;

 private:
  class Call;

  void Handle(grpc::CallbackServerContext& context, const istio::v1::auth::IstioCertificateRequest& request,
              const std::shared_ptr<Call>& call);

  const Authenticator& authenticator_;
  Issuer& issuer_;
  Metrics& metrics_;
  const std::chrono::milliseconds max_duration_;
};

}  // namespace rootkeep
