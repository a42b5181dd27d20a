// rootkeepd: the certificate authority. See tools/README.md.
#include <fmt/format.h>
#include <sched.h>
#include <systemd/sd-daemon.h>

#include <cstdio>

#include "keystore/base/guard.h"
#include "keystore/base/log.h"
#include "signer/client/grpc_process.h"
#include "signer/rpc/tls_defaults.h"
#include "tools/config/load.h"
#include "tools/process/daemon_program.h"
#include "tools/process/side_task.h"
#include "tools/process/signals.h"
#include "tools/rootkeepd/daemon.h"

namespace {

using rootkeep::Daemon;
using rootkeep::DaemonSignal;
using rootkeep::SideTask;

constexpr std::chrono::seconds kEndLimit{10};  // a module gets a few seconds of them to let go of its token

constexpr rootkeep::DaemonProgram kProgram{
    .name = "rootkeepd",
    .purpose = "Rootkeep's certificate authority: signs with keys that stay in hardware.",
    .footer =
        "Example:\n  rootkeepd --config /etc/rootkeep/rootkeepd.yaml\n\n"
        "SIGTERM drains and ends, SIGHUP reloads authorities, token issuers and policy.\n"
        "Exit status: 0 stopped as asked, 1 could not start, 2 wrong usage.",
    .config = "/etc/rootkeep/rootkeepd.yaml"};

int Serve(rootkeep::config::Config config, const std::string& path) {
  if (const auto opened = rootkeep::log::Start(config.log.level, config.log.file); !opened.ok()) {
    return FailDaemon(kProgram, opened.error());
  }
  rootkeep::PrepareGrpc();
  rootkeep::PrepareDaemon();
  // Throughput counts here, not who runs first: fewer switches between threads that all work on the same few calls.
  const sched_param no_priority{};
  sched_setscheduler(0, SCHED_BATCH, &no_priority);
  if (const auto applied = rootkeep::ApplyTlsDefaults(); !applied.ok()) return FailDaemon(kProgram, applied.error());
  auto daemon = Daemon::Start(std::move(config));
  if (!daemon.ok()) return FailDaemon(kProgram, daemon.error());
  sd_notify(0, "READY=1");
  SideTask reload;  // a token that hangs can hold it up
  while (rootkeep::WaitForSignal() == DaemonSignal::kReload) {
    const rootkeep::Status started = reload.Start([&daemon, &path] {
      sd_notify(0, "RELOADING=1");
      rootkeep::RunGuarded("reload_refused", [&] { (*daemon)->Reload(path); });
      sd_notify(0, "READY=1");
    });
    if (!started.ok()) rootkeep::log::Failure("reload_refused", {{"detail", started.error().ToString()}});
  }
  sd_notify(0, "STOPPING=1");
  (*daemon)->Stop();
  rootkeep::EndProcessAfter(kEndLimit);
  reload.Wait();
  daemon->reset();
  rootkeep::log::Stop();
  return 0;
}

int Main(int argc, char** argv) {
  const auto read = rootkeep::ReadDaemonCommand(kProgram, argc, argv);
  if (const int* status = std::get_if<int>(&read)) return *status;
  const auto& [path, check] = std::get<rootkeep::DaemonCommand>(read);
  rootkeep::BlockSignals();
  auto config = rootkeep::config::LoadConfig(path);
  if (!config.ok()) return FailDaemon(kProgram, config.error());
  if (check) {
    fmt::print("{}: ok\n", path);
    return 0;
  }
  return Serve(std::move(*config), path);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rootkeepd: %s\n", error.what());
    return 1;
  }
}
