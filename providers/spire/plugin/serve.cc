#include "providers/spire/plugin/serve.h"

#include <fmt/format.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <semaphore>
#include <thread>

#include "keystore/base/guard.h"
#include "keystore/base/log_format.h"
#include "providers/spire/plugin/door.h"
#include "providers/spire/plugin/environment.h"
#include "providers/spire/plugin/go_plugin_services.h"
#include "providers/spire/plugin/init_service.h"
#include "providers/spire/plugin/private_socket.h"
#include "signer/client/grpc_process.h"

namespace rootkeep::spire {
namespace {

// Calls that wait, for a token say, hold a thread each.
constexpr int kMaxThreads = 256;
// The host kills what has not ended 2 s after Shutdown was answered.
constexpr std::chrono::milliseconds kFinishCalls{500};
constexpr std::chrono::milliseconds kEndAtLatest{1500};

// Whatever a group of processes or a unit is sent: SIGUSR1 is how an operator has SPIRE read its files again.
void IgnoreSignals() {
  for (const int number :
       {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGVTALRM, SIGPROF, SIGIO}) {
    std::signal(number, SIG_IGN);  // NOLINT(cert-err33-c): none of them can fail
  }
}

// With the service by which every plugin is configured.
std::vector<NamedService> AnnouncedBy(const Plugin& plugin) {
  std::vector<NamedService> services = plugin.services;
  services.push_back({.name = ::spire::service::common::config::v1::Config::service_full_name()});
  return services;
}

// Every service of the process, and the server that has them.
class Host {
 public:
  explicit Host(const Plugin& plugin)
      : config_(*plugin.configurable),
        init_(AnnouncedBy(plugin), plugin.deinit),
        controller_([this] { stop_.release(); }) {}

  Result<std::unique_ptr<Door>> Start(const Plugin& plugin, int listener) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    builder.SetResourceQuota(grpc::ResourceQuota("plugin").SetMaxThreads(kMaxThreads));
    for (grpc::Service* service :
         std::initializer_list<grpc::Service*>{&broker_, &stdio_, &controller_, &init_, &config_}) {
      builder.RegisterService(service);
    }
    for (const NamedService& service : plugin.services) builder.RegisterService(service.service);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return Unavailable("grpc: the server could not be started");
    server_->GetHealthCheckService()->SetServingStatus("plugin", true);
    return Door::Open(listener, *server_, geteuid(), [this] { stop_.release(); });
  }

  void WaitForStop() { stop_.acquire(); }
  void End() { server_->Shutdown(std::chrono::system_clock::now() + kFinishCalls); }

 private:
  std::counting_semaphore<> stop_{0};
  BrokerService broker_;
  StdioService stdio_;
  ConfigService config_;
  InitService init_;
  ControllerService controller_;
  std::unique_ptr<grpc::Server> server_;
};

// Nobody waits for a call that hangs.
void EndProcessAtLatest() {
  std::thread([] {
    std::this_thread::sleep_for(kEndAtLatest);
    _exit(0);
  }).detach();
}

Status Run(const Plugin& plugin, const HandshakeOutput& output) {
  RK_TRY(PrivateSocket socket, PrivateSocket::Open(SocketParent()));
  Host host(plugin);
  RK_TRY(std::unique_ptr<Door> door, host.Start(plugin, socket.fd()));
  RK_RETURN_IF_ERROR(output.Announce(socket.path()));
  host.WaitForStop();
  door.reset();
  socket.Remove();
  RunGuarded("spire.exception", EndProcessAtLatest);
  RunGuarded("spire.exception", plugin.deinit);
  host.End();
  return Ok();
}

int RunAsPlugin(const Plugin& plugin) {
  const auto output = HandshakeOutput::Take();
  if (!StartedAsPlugin(plugin.type)) {
    fmt::print(stderr,
               "This program is a SPIRE plugin of type {} and is started by SPIRE, not by hand: it goes into SPIRE's\n"
               "configuration as plugin_cmd.\n",
               plugin.type);
    return 1;
  }
  log::SetFormat(log::Format::kHclog);
  RunGuarded("spire.exception", [] { (void)log::Start(log::Level::kDebug, ""); });
  IgnoreSignals();
  umask(S_IRWXG | S_IRWXO);
  PrepareGrpc();
  const Status status = output.ok() ? Run(plugin, *output) : Status(output.error());
  log::Stop();
  if (status.ok()) return 0;
  log::Failure("spire.not_started", {{"detail", status.error().ToString()}});
  return 1;
}

}  // namespace

int Serve(const Plugin& plugin) {
  int status = 1;
  RunGuarded("spire.exception", [&] { status = RunAsPlugin(plugin); });
  return status;
}

}  // namespace rootkeep::spire
