#include "signer/client/health_client.h"

#include <grpcpp/grpcpp.h>

#include "proto/grpc/health.grpc.pb.h"

namespace rootkeep {

Result<bool> IsServing(const std::shared_ptr<grpc::Channel>& channel, const std::string& service, Deadline deadline) {
  const auto stub = grpc::health::v1::Health::NewStub(channel);
  grpc::ClientContext context;
  SetDeadline(context, deadline);
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  grpc::health::v1::HealthCheckResponse response;
  const grpc::Status status = stub->Check(&context, request, &response);
  if (!status.ok()) return FromGrpc("Health/Check", status);
  return response.status() == grpc::health::v1::HealthCheckResponse::SERVING;
}

}  // namespace rootkeep
