// grpc.health.v1 on one server.
#pragma once

#include "proto/grpc/health.grpc.pb.h"
#include "signer/rpc/event.h"
#include "signer/rpc/health.h"

namespace rootkeep {

// Answers anyone, with or without TLS.
class HealthService final : public QueuedService {
 public:
  // `health` outlives the service.
  explicit HealthService(Health& health) : health_(health) {}

  grpc::Service& grpc_service() override { return service_; }
  void Await(const CallQueue& queue) override;

 private:
  class Check;
  class Watch;

  Health& health_;
  grpc::health::v1::Health::AsyncService service_;
};

}  // namespace rootkeep
