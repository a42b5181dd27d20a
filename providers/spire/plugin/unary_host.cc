#include <fmt/format.h>

#include <utility>

#include "proto/grpc/health.pb.h"
#include "providers/spire/plugin/host.h"
#include "providers/spire/plugin/unary_method.h"
#include "providers/spire/unary/server.h"

namespace rootkeep::spire {
namespace {

// Of calls that block.
constexpr unsigned kMaxThreads = 256;

grpc::Status CheckHealth(const grpc::health::v1::HealthCheckRequest& request,
                         grpc::health::v1::HealthCheckResponse& response) {
  if (request.service() != "plugin" && !request.service().empty()) {
    return {grpc::StatusCode::NOT_FOUND, "there is no such service"};
  }
  response.set_status(grpc::health::v1::HealthCheckResponse::SERVING);
  return grpc::Status::OK;
}

// What go-plugin's services say (go_plugin_services.h): nothing, until the host ends the stream.
const unary::Method kReadsAll{.handle = [](const std::shared_ptr<unary::Call>& call) { call->Finish({}); },
                              .reads = false};
const unary::Method kSaysNothing{.handle = [](const std::shared_ptr<unary::Call>& call) { call->LeaveOpen(); },
                                 .reads = false};

class UnaryHost final : public Host {
 public:
  UnaryHost(CommonServices& common, const std::vector<NamedService>& services) : server_(MethodsOf(common, services)) {}

  void Admit(Fd connection) override {
    const Status admitted = server_.Admit(std::move(connection));
    if (!admitted.ok()) log::Warning("spire.connection_refused", {{"detail", admitted.error().ToString()}});
  }
  void End(std::chrono::milliseconds patience) override { server_.Shutdown(After(patience)); }

 private:
  unary::Methods MethodsOf(CommonServices& common, const std::vector<NamedService>& services) {
    using Health = grpc::health::v1::HealthCheckRequest;
    // Health and the end are not kept waiting by calls that hang, or no longer than signatures are waited for here.
    unary::Methods methods{
        {"/grpc.health.v1.Health/Check", Immediate<Health, grpc::health::v1::HealthCheckResponse>(CheckHealth)},
        {"/plugin.GRPCBroker/StartStream", kReadsAll},
        {"/plugin.GRPCStdio/StreamStdio", kSaysNothing},
        {"/plugin.GRPCController/Shutdown", Immediate(common.controller, &ControllerService::Shutdown)},
        {InitService::kInit, Blocking(threads_, common.init, &InitService::Init)},
        {InitService::kDeinit, Blocking(threads_, common.init, &InitService::Deinit)},
        {"/spire.service.common.config.v1.Config/Configure",
         Blocking(threads_, common.config, &ConfigService::Configure)},
        {"/spire.service.common.config.v1.Config/Validate",
         Blocking(threads_, common.config, &ConfigService::Validate)}};
    for (const NamedService& service : services) methods.merge(service.methods(threads_));
    return methods;
  }

  Threads threads_{kMaxThreads, kMaxThreads};
  unary::Server server_;
};

}  // namespace

std::unique_ptr<Host> StartUnaryHost(CommonServices& common, const std::vector<NamedService>& services) {
  return std::make_unique<UnaryHost>(common, services);
}

}  // namespace rootkeep::spire
