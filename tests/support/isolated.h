// A token behind the token host.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "keystore/isolated/backend/isolated_store.h"
#include "tests/support/softhsm.h"

namespace rootkeep::testing {

// The program in the build tree.
std::string TokenHostPath();

// As rootkeepd would set it up. `pin_directory` is made.
isolated::HostOptions HostOptionsFor(const pkcs11::ModuleConfig& module, const std::string& label,
                                     const std::string& pin_source, const std::string& pin_directory);
isolated::HostOptions HostOptionsFor(const SoftHsm& hsm);

// Its store. Aborts when the host cannot be started.
std::shared_ptr<isolated::IsolatedStore> IsolatedStoreOf(isolated::HostOptions options);
inline std::shared_ptr<isolated::IsolatedStore> IsolatedStoreOf(const SoftHsm& hsm) {
  return IsolatedStoreOf(HostOptionsFor(hsm));
}

}  // namespace rootkeep::testing
