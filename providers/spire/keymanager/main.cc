// rootkeep-spire-keymanager: SPIRE's keys in a token or TPM, through rootkeep-agent. See providers/README.md.
#include "providers/spire/keymanager/service.h"
#include "providers/spire/plugin/serve.h"

int main() {
  using namespace rootkeep::spire;
  // As many connections as the key socket's client keeps; SPIRE's callers are not many more.
  constexpr unsigned kThreads = 64;
  constexpr std::size_t kMostWaiting = 4096;
  KeyManager manager;
  SigningThreads threads(kThreads, kMostWaiting);
  KeyManagerService<ServerContract> server(manager, threads);
  KeyManagerService<AgentContract> agent(manager, threads);
  return Serve({.type = "KeyManager",
                .services = {{.name = ServerContract::Service::service_full_name(),
                              .side = HostSide::kServer,
                              .methods = [&server](Threads& blocking) { return server.Methods(blocking); }},
                             {.name = AgentContract::Service::service_full_name(),
                              .side = HostSide::kAgent,
                              .methods = [&agent](Threads& blocking) { return agent.Methods(blocking); }}},
                .configurable = &manager});
}
