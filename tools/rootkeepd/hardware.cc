#include "tools/rootkeepd/hardware.h"

#include <fmt/format.h>

#include "keystore/base/log.h"
#include "keystore/pkcs11/store.h"

namespace rootkeep {
namespace {

constexpr std::chrono::seconds kStartDeadline{10};
constexpr std::chrono::seconds kProbeDeadline{2};

Result<std::shared_ptr<pkcs11::Module>> OpenModule(pkcs11::ModuleRegistry& registry, const config::Module& entry) {
  RK_TRY(auto loaded,
         registry.Load({.path = entry.path, .environment = {entry.environment.begin(), entry.environment.end()}}));
  const Status initialised = loaded->Initialise(After(kStartDeadline));
  // With some modules an absent device shows here; the next probe tries again.
  if (!initialised.ok()) {
    log::Warning("module_not_initialised", {{"module", entry.name}, {"detail", initialised.error().ToString()}});
  }
  return loaded;
}

Result<std::shared_ptr<KeyStore>> OpenToken(const config::Token& entry, std::shared_ptr<pkcs11::Module> module) {
  RK_TRY(auto pin, pkcs11::PinSource::Parse(entry.pin_source));
  // An unsafe PIN file is a policy fault, told at start and not when the token first wants the PIN.
  RK_RETURN_IF_ERROR(pin.Read());
  return pkcs11::OpenStore(std::move(module), {.label = entry.label, .serial = entry.serial}, std::move(pin),
                           {.max_sessions = entry.max_sessions});
}

}  // namespace

Result<Hardware> Hardware::Open(const config::Config& config) {
  Hardware hardware(config.state_directory);
  for (const config::Module& entry : config.modules) {
    auto module = OpenModule(*hardware.registry_, entry);
    if (!module.ok()) return std::move(module).error().Within(fmt::format("open module {}", entry.name));
    hardware.modules_[entry.name] = std::move(*module);
  }
  for (const config::Token& entry : config.tokens) {
    auto token = OpenToken(entry, hardware.modules_.at(entry.module));
    if (!token.ok()) return std::move(token).error().Within(fmt::format("prepare token {}", entry.name));
    hardware.tokens_[entry.name] = std::move(*token);
  }
  return hardware;
}

void Hardware::Probe(Readiness& readiness, Metrics& metrics) {
  for (const auto& [name, token] : tokens_) {
    HealthProbe* probe = token->health();
    if (probe == nullptr) continue;
    const Status status = probe->Probe(After(kProbeDeadline));
    metrics.SetTokenUp(name, status.ok());
    readiness.Report("token " + name, status.ok() ? "" : status.error().ToString());
  }
}

}  // namespace rootkeep
