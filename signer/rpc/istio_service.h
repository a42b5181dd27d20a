// IstioCertificateService: the door that ztunnel and istio-agent knock at.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "proto/istio/ca.grpc.pb.h"
#include "signer/authn/authenticator.h"
#include "signer/issue/issuer.h"
#include "signer/metrics/metrics.h"
#include "signer/rpc/event.h"
#include "signer/rpc/gathered_asks.h"

namespace rootkeep {

// A few lines between gRPC and Issuer. The polling threads parse, check and decide in place. Calls that come without
// TLS are refused, whatever they carry.
class IstioService final : public QueuedService {
 public:
  // `authenticator` and `metrics` outlive the service; `issuer`, whose answers come whenever they come, goes after the
  // server and before the service. `max_duration` bounds every call, whatever the client asks.
  IstioService(const Authenticator& authenticator, Issuer& issuer, Metrics& metrics,
               std::chrono::milliseconds max_duration);
  ~IstioService() override;

  grpc::Service& grpc_service() override { return service_; }
  void Await(const CallQueue& queue) override;

 private:
  class Call;

  const Authenticator& authenticator_;
  Issuer& issuer_;
  Metrics& metrics_;
  const std::chrono::milliseconds max_duration_;
  std::vector<std::unique_ptr<GatheredAsks>> gathered_;  // one for each queue
  istio::v1::auth::IstioCertificateService::AsyncService service_;
};

}  // namespace rootkeep
