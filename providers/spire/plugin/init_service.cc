#include "providers/spire/plugin/init_service.h"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/method_handler.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "providers/spire/plugin/answer.h"

namespace rootkeep::spire {
namespace {

// What spire-server offers to plugins and spire-agent does not (spire.md §1.7).
constexpr std::string_view kOfServer = "spire.hostservice.server.";

// kEither: nobody knows.
HostSide SideOf(const init::v1::InitRequest& request) {
  if (request.host_service_names().empty()) return HostSide::kEither;
  const bool server = std::ranges::any_of(request.host_service_names(),
                                          [](const std::string& name) { return name.starts_with(kOfServer); });
  return server ? HostSide::kServer : HostSide::kAgent;
}

bool IsFor(const NamedService& service, HostSide host) {
  return service.side == HostSide::kEither || host == HostSide::kEither || service.side == host;
}

}  // namespace

InitService::InitService(std::vector<NamedService> services, std::function<void()> deinit)
    : services_(std::move(services)), deinit_(std::move(deinit)) {
  using google::protobuf::MessageLite;
  using grpc::internal::RpcMethod;
  using grpc::internal::RpcMethodHandler;
  using grpc::internal::RpcServiceMethod;
  // The base class owns both.
  AddMethod(new RpcServiceMethod(
      kInit, RpcMethod::NORMAL_RPC,
      new RpcMethodHandler<InitService, init::v1::InitRequest, init::v1::InitResponse, MessageLite, MessageLite>(
          [](InitService* self, grpc::ServerContext* context, const init::v1::InitRequest* request,
             init::v1::InitResponse* response) { return self->Init(context, request, response); },
          this)));
  AddMethod(new RpcServiceMethod(
      kDeinit, RpcMethod::NORMAL_RPC,
      new RpcMethodHandler<InitService, init::v1::DeinitRequest, init::v1::DeinitResponse, MessageLite, MessageLite>(
          [](InitService* self, grpc::ServerContext* context, const init::v1::DeinitRequest* request,
             init::v1::DeinitResponse* response) { return self->Deinit(context, request, response); },
          this)));
}

grpc::Status InitService::Init(grpc::ServerContext* /*context*/, const init::v1::InitRequest* request,
                               init::v1::InitResponse* response) {
  return Answer([&] {
    const HostSide host = SideOf(*request);
    for (const NamedService& service : services_) {
      if (IsFor(service, host)) response->add_plugin_service_names(service.name);
    }
    return Ok();
  });
}

grpc::Status InitService::Deinit(grpc::ServerContext* /*context*/, const init::v1::DeinitRequest* /*request*/,
                                 init::v1::DeinitResponse* /*response*/) {
  return Answer([this] {
    deinit_();
    return Ok();
  });
}

}  // namespace rootkeep::spire
