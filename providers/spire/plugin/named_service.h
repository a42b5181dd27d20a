// A plugin's own services, as SPIRE learns of them.
#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <cstdint>
#include <string>

namespace rootkeep::spire {

// Which of SPIRE's programs a service is for: the other one would warn of it.
enum class HostSide : std::uint8_t { kEither, kServer, kAgent };

// `name` is the full one, as Service::service_full_name() of the generated class has it.
struct NamedService {
  std::string name;
  grpc::Service* service = nullptr;
  HostSide side = HostSide::kEither;
};

}  // namespace rootkeep::spire
