// What serves the calls of the process that started this one.
#pragma once

#include <chrono>
#include <memory>

#include "keystore/base/file.h"
#include "providers/spire/plugin/config_service.h"
#include "providers/spire/plugin/go_plugin_services.h"
#include "providers/spire/plugin/init_service.h"

namespace rootkeep::spire {

// Of every plugin, beside its own.
struct CommonServices {
  ConfigService config;
  InitService init;
  ControllerService controller;
};

class Host {
 public:
  virtual ~Host() = default;
  // A connection of the host's, non-blocking.
  virtual void Admit(Fd connection) = 0;
  // Lets calls that are under way take so long, and no more begin.
  virtual void End(std::chrono::milliseconds patience) = 0;
};

// Whose services are gRPC's. Everything is borrowed. UNAVAILABLE when gRPC's server does not start.
Result<std::unique_ptr<Host>> StartGrpcHost(CommonServices& common, const std::vector<NamedService>& services);

// Whose services are methods (NamedService). `common` is borrowed.
std::unique_ptr<Host> StartUnaryHost(CommonServices& common, const std::vector<NamedService>& services);

}  // namespace rootkeep::spire
