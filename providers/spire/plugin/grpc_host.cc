#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include "providers/spire/plugin/host.h"

namespace rootkeep::spire {
namespace {

// Calls that wait, for the daemon say, hold a thread each.
constexpr int kMaxThreads = 256;

class GrpcHost final : public Host {
 public:
  Status Start(CommonServices& common, const std::vector<NamedService>& services) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    builder.SetResourceQuota(grpc::ResourceQuota("plugin").SetMaxThreads(kMaxThreads));
    for (grpc::Service* service :
         std::initializer_list<grpc::Service*>{&broker_, &stdio_, &common.controller, &common.init, &common.config}) {
      builder.RegisterService(service);
    }
    for (const NamedService& service : services) builder.RegisterService(service.service);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return Unavailable("grpc: the server could not be started");
    server_->GetHealthCheckService()->SetServingStatus("plugin", true);
    return Ok();
  }

  void Admit(Fd connection) override { grpc::AddInsecureChannelFromFd(server_.get(), connection.Release()); }
  void End(std::chrono::milliseconds patience) override {
    server_->Shutdown(std::chrono::system_clock::now() + patience);
  }

 private:
  BrokerService broker_;
  StdioService stdio_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

Result<std::unique_ptr<Host>> StartGrpcHost(CommonServices& common, const std::vector<NamedService>& services) {
  auto host = std::make_unique<GrpcHost>();
  RK_RETURN_IF_ERROR(host->Start(common, services));
  return std::unique_ptr<Host>(std::move(host));
}

}  // namespace rootkeep::spire
