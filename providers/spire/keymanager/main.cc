// rootkeep-spire-keymanager: SPIRE's keys in a token or TPM, through rootkeep-agent. See providers/README.md.
#include "providers/spire/keymanager/service.h"
#include "providers/spire/plugin/serve.h"

int main() {
  using namespace rootkeep::spire;
  KeyManager manager;
  KeyManagerService<ServerContract> server(manager);
  KeyManagerService<AgentContract> agent(manager);
  return Serve({.type = "KeyManager",
                .services = {{ServerContract::Service::service_full_name(), &server, HostSide::kServer},
                             {AgentContract::Service::service_full_name(), &agent, HostSide::kAgent}},
                .configurable = &manager});
}
