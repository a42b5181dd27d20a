// A SoftHSM token behind the fault-injecting module.
#pragma once

#include <cstdlib>

#include "tests/support/chaos.h"
#include "tests/unit/keystore/pkcs11/token_fixture.h"

namespace rootkeep::pkcs11 {

// Shared by the cases of one process, because a module's environment is the whole process's.
inline const rootkeep::testing::Chaos& TheChaos() {
  static const auto& chaos = *new rootkeep::testing::Chaos;
  return chaos;
}

// The module's path, for SoftHsm, once its environment is set.
inline std::string ChaosPath() {
  for (const auto& [name, value] : TheChaos().Environment(rootkeep::testing::SoftHsm::ModulePath())) {
    setenv(name.c_str(), value.c_str(), 1);
  }
  return rootkeep::testing::Chaos::ModulePath();
}

}  // namespace rootkeep::pkcs11
