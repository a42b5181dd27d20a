// rootkeepd: the certificate authority. See tools/README.md.
#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <CLI/CLI.hpp>

#include <cstdio>

#include "keystore/base/log.h"
#include "signer/rpc/grpc_process.h"
#include "signer/rpc/tls_defaults.h"
#include "tools/config/load.h"
#include "tools/process/side_task.h"
#include "tools/process/signals.h"
#include "tools/rootkeepd/daemon.h"

namespace {

using rootkeep::Daemon;
using rootkeep::DaemonSignal;
using rootkeep::SideTask;

constexpr std::chrono::seconds kEndLimit{10};  // a module gets a few seconds of them to let go of its token

constexpr char kFooter[] =
    "Example:\n  rootkeepd --config /etc/rootkeep/rootkeepd.yaml\n\n"
    "SIGTERM drains and ends, SIGHUP reloads authorities, token issuers and policy.\n"
    "Exit status: 0 stopped as asked, 1 could not start, 2 wrong usage.";

int Fail(const rootkeep::Error& error) {
  fmt::print(stderr, "rootkeepd: {}\n", error.ToString());
  return 1;
}

// gRPC gives a listener up for good when no file is left for a connection, and a shell's limit is 1,024.
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int Serve(rootkeep::config::Config config, const std::string& path) {
  if (const auto opened = rootkeep::log::Start(config.log.level, config.log.file); !opened.ok()) {
    return Fail(opened.error());
  }
  rootkeep::PrepareGrpc();
  RaiseFileLimit();
  // Throughput counts here, not who runs first: fewer switches between threads that all work on the same few calls.
  const sched_param no_priority{};
  sched_setscheduler(0, SCHED_BATCH, &no_priority);
  prctl(PR_SET_DUMPABLE, 0);  // a core dump would hold PINs
  if (const auto applied = rootkeep::ApplyTlsDefaults(); !applied.ok()) return Fail(applied.error());
  auto daemon = Daemon::Start(std::move(config));
  if (!daemon.ok()) return Fail(daemon.error());
  sd_notify(0, "READY=1");
  SideTask reload;  // a token that hangs can hold it up
  while (rootkeep::WaitForSignal() == DaemonSignal::kReload) {
    const bool started = reload.Start([&daemon, &path] {
      sd_notify(0, "RELOADING=1");
      (*daemon)->Reload(path);
      sd_notify(0, "READY=1");
    });
    if (!started) rootkeep::log::Failure("reload_refused", {{"detail", "the reload before has not ended"}});
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
  CLI::App app("Rootkeep's certificate authority: signs with keys that stay in hardware.", "rootkeepd");
  app.footer(kFooter);
  std::string path = "/etc/rootkeep/rootkeepd.yaml";
  bool check = false;
  app.add_option("config,-c,--config", path, "configuration file, with or without the option's name")
      ->capture_default_str();
  app.add_flag("--check-config", check, "check the configuration, say what is wrong with it, and end");
  app.set_version_flag("--version", std::string("rootkeepd ") + ROOTKEEP_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  rootkeep::BlockSignals();
  auto config = rootkeep::config::LoadConfig(path);
  if (!config.ok()) return Fail(config.error());
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
