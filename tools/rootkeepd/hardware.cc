#include "tools/rootkeepd/hardware.h"

#include <fmt/format.h>

#include <algorithm>

#include "keystore/base/log.h"
#include "keystore/isolated/backend/isolated_store.h"
#include "keystore/pkcs11/store.h"
#include "tools/rootkeepd/token_host.h"

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

Result<std::shared_ptr<KeyStore>> OpenHere(const config::Token& entry, std::shared_ptr<pkcs11::Module> module) {
  RK_TRY(auto pin, pkcs11::PinSource::Parse(entry.pin_source));
  // An unsafe PIN file is a policy fault, told at start and not when the token first wants the PIN.
  RK_RETURN_IF_ERROR(pin.Read());
  return pkcs11::OpenStore(std::move(module), {.label = entry.label, .serial = entry.serial}, std::move(pin),
                           {.max_sessions = entry.max_sessions});
}

isolated::TokenSetup SetupOf(const config::Config& config, const config::Token& token, const config::Module& module) {
  return {.module_path = module.path,
          .environment = module.environment,
          .token_label = token.label,
          .token_serial = token.serial,
          .pin_source = token.pin_source,
          .pin_directory = store::PinDirectory(config.state_directory),
          .max_sessions = token.max_sessions,
          .network = token.isolation == config::Isolation::kProcessWithNetwork,
          .log_level = config.log.level};
}

Result<std::shared_ptr<KeyStore>> OpenIsolated(const config::Config& config, const config::Token& token,
                                               const config::Module& module) {
  isolated::HostOptions options{.program = config.token_host, .setup = SetupOf(config, token, module)};
  if (options.program.empty()) {
    RK_TRY(options.program, FindTokenHost());
  }
  auto store = std::make_shared<isolated::IsolatedStore>(std::move(options));
  const Status started = store->Start(After(kStartDeadline));
  // A host that does not answer is started again by whoever needs the token; what it answers is for an operator.
  if (!started.ok() && started.error().code() != Code::kUnavailable) return started.error();
  return store;
}

}  // namespace

Result<std::shared_ptr<pkcs11::Module>> Hardware::LoadModule(const config::Module& entry) {
  auto& module = modules_[entry.name];
  if (module == nullptr) {
    auto loaded = OpenModule(*registry_, entry);
    if (!loaded.ok()) return std::move(loaded).error().Within(fmt::format("open module {}", entry.name));
    module = std::move(*loaded);
  }
  return module;
}

Result<std::shared_ptr<KeyStore>> Hardware::OpenToken(const config::Config& config, const config::Token& entry) {
  const config::Module& module = *std::ranges::find(config.modules, entry.module, &config::Module::name);
  if (entry.isolation != config::Isolation::kNone) return OpenIsolated(config, entry, module);
  RK_TRY(auto loaded, LoadModule(module));
  return OpenHere(entry, std::move(loaded));
}

Result<Hardware> Hardware::Open(const config::Config& config) {
  Hardware hardware(config.state_directory);
  for (const config::Token& entry : config.tokens) {
    auto token = hardware.OpenToken(config, entry);
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
    if (status.ok()) {
      up_.insert(name);
    } else {
      up_.erase(name);
    }
    metrics.SetTokenUp(name, status.ok());
    readiness.Report("token " + name, status.ok() ? "" : status.error().ToString());
  }
}

}  // namespace rootkeep
