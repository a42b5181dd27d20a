#include "tests/support/isolated.h"

#include <cstdio>
#include <cstdlib>

#include "keystore/base/file.h"

namespace rootkeep::testing {

std::string TokenHostPath() { return ROOTKEEP_TOKEN_HOST; }

isolated::HostOptions HostOptionsFor(const SoftHsm& hsm) {
  const auto module = hsm.module_config();
  const std::string pins = hsm.directory() + "/pins";
  (void)MakeDirectory(pins, 0700);
  return {.program = TokenHostPath(),
          .setup = {.module_path = module.path,
                    .environment = {module.environment.begin(), module.environment.end()},
                    .token_label = SoftHsm::kLabel,
                    .token_serial = {},
                    .pin_source = hsm.pin_source(),
                    .pin_directory = pins}};
}

std::shared_ptr<isolated::IsolatedStore> IsolatedStoreOf(const SoftHsm& hsm) {
  auto store = std::make_shared<isolated::IsolatedStore>(HostOptionsFor(hsm));
  const Status started = store->Start(After(std::chrono::seconds(30)));
  if (started.ok()) return store;
  std::fprintf(stderr, "token host: %s\n", started.error().ToString().c_str());
  std::abort();
}

}  // namespace rootkeep::testing
