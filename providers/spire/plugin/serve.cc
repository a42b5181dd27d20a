#include "providers/spire/plugin/serve.h"

#include <fmt/format.h>
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
#include "providers/spire/plugin/host.h"
#include "providers/spire/plugin/private_socket.h"
#include "signer/client/grpc_process.h"

namespace rootkeep::spire {
namespace {

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

Result<std::unique_ptr<Host>> StartHost(CommonServices& common, const std::vector<NamedService>& services) {
  if (services.front().methods != nullptr) return StartUnaryHost(common, services);
  PrepareGrpc();
  return StartGrpcHost(common, services);
}

// Nobody waits for a call that hangs.
void EndProcessAtLatest() {
  std::thread([] {
    std::this_thread::sleep_for(kEndAtLatest);
    _exit(0);
  }).detach();
}

Status Run(const Plugin& plugin, const HandshakeOutput& output) {
  RK_TRY(PrivateSocket socket, PrivateSocket::Open(SocketParent()));
  std::counting_semaphore<> stop{0};
  CommonServices common{.config = ConfigService(*plugin.configurable),
                        .init = InitService(AnnouncedBy(plugin), plugin.deinit),
                        .controller = ControllerService([&stop] { stop.release(); })};
  RK_TRY(const std::unique_ptr<Host> host, StartHost(common, plugin.services));
  RK_TRY(std::unique_ptr<Door> door,
         Door::Open(
             socket.fd(), geteuid(), [&host](Fd one) { host->Admit(std::move(one)); }, [&stop] { stop.release(); }));
  RK_RETURN_IF_ERROR(output.Announce(socket.path()));
  stop.acquire();
  door.reset();
  socket.Remove();
  RunGuarded("spire.exception", EndProcessAtLatest);
  RunGuarded("spire.exception", plugin.deinit);
  host->End(kFinishCalls);
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
