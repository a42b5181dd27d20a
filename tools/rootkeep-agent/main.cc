// rootkeep-agent: holds a host's hardware keys and serves them on key sockets. See tools/README.md.
#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <cstdio>

#include "keystore/base/log.h"
#include "keystore/tpm2/tpm.h"
#include "signer/client/grpc_process.h"
#include "signer/rpc/tls_defaults.h"
#include "tools/process/daemon_program.h"
#include "tools/process/side_task.h"
#include "tools/process/signals.h"
#include "tools/rootkeep-agent/agent.h"
#include "tools/rootkeep-agent/attested_source.h"
#include "tools/rootkeep-agent/istio_source.h"
#include "tools/rootkeep-agent/relay_user.h"

namespace {

using rootkeep::Clock;
using rootkeep::DaemonSignal;
using rootkeep::Fd;
using rootkeep::TpmOpener;
using rootkeep::agent::Agent;
using rootkeep::agent::AgentConfig;
using rootkeep::agent::AttestedSource;
using rootkeep::agent::CertificateConfig;
using rootkeep::agent::CertificateSource;
using rootkeep::agent::CertificateUser;
using rootkeep::agent::IstioSource;
using rootkeep::agent::RelayConfig;
using rootkeep::agent::RelayUser;
using rootkeep::agent::ShownRelay;

constexpr std::chrono::seconds kEndLimit{10};  // a module gets a few seconds of them to let go of its token

constexpr rootkeep::DaemonProgram kProgram{
    .name = "rootkeep-agent",
    .purpose = "Holds this host's hardware keys and serves them to local programs on key sockets.",
    .footer =
        "Example:\n  rootkeep-agent --config /etc/rootkeep/rootkeep-agent.yaml\n\n"
        "SIGTERM finishes the calls under way and ends, SIGHUP opens the log file again.\n"
        "Exit status: 0 stopped as asked, 1 could not start, 2 wrong usage.",
    .config = "/etc/rootkeep/rootkeep-agent.yaml"};

// What systemd made already, by FileDescriptorName=.
std::map<std::string, Fd> AdoptedSockets() {
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(1, &names);
  std::map<std::string, Fd> sockets;
  for (int i = 0; i < count; ++i) {
    sockets.emplace(names[i], Fd(SD_LISTEN_FDS_START + i));
    free(names[i]);
  }
  free(static_cast<void*>(names));
  return sockets;
}

std::unique_ptr<CertificateSource> SourceOf(const CertificateConfig& certificate, const TpmOpener& tpms,
                                            const std::stop_token& stop) {
  if (!certificate.attestation) {
    const auto* tpm = certificate.key_evidence ? &tpms.at(certificate.token) : nullptr;
    return std::make_unique<IstioSource>(certificate, tpm, stop);
  }
  return std::make_unique<AttestedSource>(certificate, tpms.at(certificate.token), stop);
}

std::unique_ptr<CertificateUser> RelayOf(const RelayConfig& config, const CertificateConfig& certificate,
                                         ShownRelay& shown, const Clock& clock) {
  return std::make_unique<RelayUser>(config, certificate, shown, clock);
}

int Serve(const AgentConfig& config) {
  if (const auto opened = rootkeep::log::Start(config.log.level, config.log.file); !opened.ok()) {
    return FailDaemon(kProgram, opened.error());
  }
  rootkeep::PrepareGrpc();
  rootkeep::PrepareDaemon();
  if (config.relay) {
    if (const auto set = rootkeep::ApplyTlsDefaults(); !set.ok()) return FailDaemon(kProgram, set.error());
  }
  auto agent = Agent::Start(config, AdoptedSockets(), {.source = SourceOf, .relay = RelayOf});
  if (!agent.ok()) return FailDaemon(kProgram, agent.error());
  sd_notify(0, "READY=1");
  while (rootkeep::WaitForSignal() == DaemonSignal::kReload) {
    if (const auto opened = rootkeep::log::Reopen(); !opened.ok()) {
      rootkeep::log::Failure("log_reopen_failed", {{"detail", opened.error().ToString()}});
    }
  }
  sd_notify(0, "STOPPING=1");
  (*agent)->Drain(config.drain);
  rootkeep::EndProcessAfter(kEndLimit);
  agent->reset();
  rootkeep::log::Stop();
  return 0;
}

int Main(int argc, char** argv) {
  rootkeep::tpm2::QuietTss2();  // before there are threads
  const auto read = rootkeep::ReadDaemonCommand(kProgram, argc, argv);
  if (const int* status = std::get_if<int>(&read)) return *status;
  const auto& [path, check] = std::get<rootkeep::DaemonCommand>(read);
  rootkeep::BlockSignals();
  const auto config = rootkeep::agent::LoadAgentConfig(path);
  if (!config.ok()) return FailDaemon(kProgram, config.error());
  if (!check) return Serve(*config);
  if (const auto sockets = SocketsOf(*config); !sockets.ok()) return FailDaemon(kProgram, sockets.error());
  for (const CertificateConfig& certificate : config->certificates) {
    if (const auto access = AccessOf(certificate); !access.ok()) return FailDaemon(kProgram, access.error());
  }
  fmt::print("{}: ok\n", path);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rootkeep-agent: %s\n", error.what());
    return 1;
  }
}
