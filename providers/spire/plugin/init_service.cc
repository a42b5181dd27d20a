#include "providers/spire/plugin/init_service.h"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/method_handler.h>

#include "providers/spire/plugin/answer.h"

namespace rootkeep::spire {
namespace {

constexpr const char* kInit = "/spire.service.private.init.v1.Init/Init";
constexpr const char* kDeinit = "/spire.service.private.init.v1.Init/Deinit";

}  // namespace

InitService::InitService(std::vector<std::string> names, std::function<void()> deinit)
    : names_(std::move(names)), deinit_(std::move(deinit)) {
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

grpc::Status InitService::Init(grpc::ServerContext* /*context*/, const init::v1::InitRequest* /*request*/,
                               init::v1::InitResponse* response) {
  return Answer([&] {
    for (const std::string& name : names_) response->add_plugin_service_names(name);
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
