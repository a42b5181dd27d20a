// By which SPIRE learns what a plugin serves, and lets go of it.
#pragma once

#include <grpcpp/impl/codegen/service_type.h>
#include <grpcpp/server_context.h>

#include <functional>
#include <string>
#include <vector>

#include "proto/spire/init.pb.h"

namespace rootkeep::spire {

// spire.service.private.init.v1.Init, registered by hand (proto/spire/init.proto says why).
class InitService final : public grpc::Service {
 public:
  // `names` are full names of gRPC services; `deinit` is called when the host lets go, before it ends the process. It
  // may be called more than once, and takes far less than the 10 s that the host waits.
  InitService(std::vector<std::string> names, std::function<void()> deinit);

 private:
  grpc::Status Init(grpc::ServerContext* context, const init::v1::InitRequest* request,
                    init::v1::InitResponse* response);
  grpc::Status Deinit(grpc::ServerContext* context, const init::v1::DeinitRequest* request,
                      init::v1::DeinitResponse* response);

  const std::vector<std::string> names_;
  const std::function<void()> deinit_;
};

}  // namespace rootkeep::spire
