// By which SPIRE learns what a plugin serves, and lets go of it.
#pragma once

#include <grpcpp/server_context.h>

#include <functional>
#include <vector>

#include "proto/spire/init.pb.h"
#include "providers/spire/plugin/named_service.h"

namespace rootkeep::spire {

// spire.service.private.init.v1.Init, registered by hand (proto/spire/init.proto says why).
class InitService final : public grpc::Service {
 public:
  // Of `services` those are announced that are for this host: it is known by the services that it offers itself.
  // `deinit` is called when the host lets go, before it ends the process. It may be called more than once, and takes
  // far less than the 10 s that the host waits.
  InitService(std::vector<NamedService> services, std::function<void()> deinit);

  static constexpr const char* kInit = "/spire.service.private.init.v1.Init/Init";
  static constexpr const char* kDeinit = "/spire.service.private.init.v1.Init/Deinit";

  grpc::Status Init(grpc::ServerContext* context, const init::v1::InitRequest* request,
                    init::v1::InitResponse* response);
  grpc::Status Deinit(grpc::ServerContext* context, const init::v1::DeinitRequest* request,
                      init::v1::DeinitResponse* response);

 private:
  const std::vector<NamedService> services_;
  const std::function<void()> deinit_;
};

}  // namespace rootkeep::spire
