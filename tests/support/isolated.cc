#include "tests/support/isolated.h"

#include <cstdio>
#include <cstdlib>

#include "keystore/base/file.h"

namespace rootkeep::testing {

std::string TokenHostPath() { return ROOTKEEP_TOKEN_HOST; }

isolated::HostOptions HostOptionsFor(const pkcs11::ModuleConfig& module, const std::string& label,
                                     const std::string& pin_source, const std::string& pin_directory) {
  (void)MakeDirectory(pin_directory, 0700);
  return {.program = TokenHostPath(),
          .setup = {.module_path = module.path,
                    .environment = {module.environment.begin(), module.environment.end()},
                    .token_label = label,
                    .token_serial = {},
                    .pin_source = pin_source,
                    .pin_directory = pin_directory}};
}

isolated::HostOptions HostOptionsFor(const SoftHsm& hsm) {
  return HostOptionsFor(hsm.module_config(), SoftHsm::kLabel, hsm.pin_source(), hsm.directory() + "/pins");
}

std::shared_ptr<isolated::IsolatedStore> IsolatedStoreOf(isolated::HostOptions options) {
  auto store = std::make_shared<isolated::IsolatedStore>(std::move(options));
  const Status started = store->Start(After(std::chrono::seconds(30)));
  if (started.ok()) return store;
  std::fprintf(stderr, "token host: %s\n", started.error().ToString().c_str());
  std::abort();
}

}  // namespace rootkeep::testing
