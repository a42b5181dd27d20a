#include "tools/hardware/token_opener.h"

#include <fmt/format.h>

#include <algorithm>

#include "keystore/base/log.h"
#include "keystore/isolated/backend/isolated_store.h"
#include "keystore/pkcs11/store.h"
#include "tools/hardware/token_host.h"

namespace rootkeep {
namespace {

constexpr std::chrono::seconds kStartDeadline{10};

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

isolated::TokenSetup SetupOf(const TokenSurroundings& around, const config::Token& token,
                             const config::Module& module) {
  return {.module_path = module.path,
          .environment = module.environment,
          .token_label = token.label,
          .token_serial = token.serial,
          .pin_source = token.pin_source,
          .pin_directory = around.pin_directory,
          .max_sessions = token.max_sessions,
          .network = token.isolation == config::Isolation::kProcessWithNetwork,
          .log_level = around.log_level};
}

}  // namespace

Result<std::shared_ptr<KeyStore>> TokenOpener::OpenIsolated(const config::Token& token,
                                                            const config::Module& module) const {
  isolated::HostOptions options{.program = surroundings_.token_host, .setup = SetupOf(surroundings_, token, module)};
  if (options.program.empty()) {
    RK_TRY(options.program, FindTokenHost());
  }
  auto store = std::make_shared<isolated::IsolatedStore>(std::move(options));
  const Status started = store->Start(After(kStartDeadline));
  // A host that does not answer is started again by whoever needs the token; what it answers is for an operator.
  if (!started.ok() && started.error().code() != Code::kUnavailable) return started.error();
  return store;
}

Result<std::shared_ptr<pkcs11::Module>> TokenOpener::LoadModule(const config::Module& entry) {
  auto& module = modules_[entry.name];
  if (module == nullptr) {
    auto loaded = OpenModule(registry_, entry);
    if (!loaded.ok()) return std::move(loaded).error().Within(fmt::format("open module {}", entry.name));
    module = std::move(*loaded);
  }
  return module;
}

Result<std::shared_ptr<KeyStore>> TokenOpener::Open(const config::Token& token) {
  if (token.tpm) {
    if (surroundings_.open_tpm) return surroundings_.open_tpm(token);
    return Error(Code::kUnimplemented, "this program opens no TPM").WithHint("it can use an agent's key socket");
  }
  const config::Module& module = *std::ranges::find(surroundings_.modules, token.module, &config::Module::name);
  if (token.isolation != config::Isolation::kNone) return OpenIsolated(token, module);
  RK_TRY(auto loaded, LoadModule(module));
  return OpenHere(token, std::move(loaded));
}

}  // namespace rootkeep
