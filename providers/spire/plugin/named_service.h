// A plugin's own services, as SPIRE learns of them.
#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <cstdint>
#include <functional>
#include <string>

#include "providers/spire/plugin/threads.h"
#include "providers/spire/unary/call.h"

namespace rootkeep::spire {

// Which of SPIRE's programs a service is for: the other one would warn of it.
enum class HostSide : std::uint8_t { kEither, kServer, kAgent };

// `name` is the full one, as Service::service_full_name() of the generated class has it. A plugin whose calls have one
// answer each gives `methods` of all its services, and is served without gRPC's server, which costs more than all else
// that a quick call does; one that streams gives a `service` of gRPC's.
struct NamedService {
  std::string name;
  HostSide side = HostSide::kEither;
  grpc::Service* service = nullptr;
  // What blocks is done on these threads.
  std::function<unary::Methods(Threads& blocking)> methods = nullptr;
};

}  // namespace rootkeep::spire
