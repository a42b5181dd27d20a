// The test's side of the probe module.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#include "tests/support/probe_module.h"

namespace rootkeep::testing {

std::string ProbeModulePath() { return ROOTKEEP_PROBE_MODULE; }

Probe& LoadedProbe() {
  void* const library = dlopen(ROOTKEEP_PROBE_MODULE, RTLD_NOW | RTLD_NOLOAD);
  void* const symbol = library == nullptr ? nullptr : dlsym(library, "rk_test_probe");
  if (symbol == nullptr) {
    std::fprintf(stderr, "the probe module is not loaded\n");
    std::abort();
  }
  return *reinterpret_cast<Probe* (*)()>(symbol)();
}

}  // namespace rootkeep::testing
