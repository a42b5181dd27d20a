#include "tests/support/open_sessions.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace rootkeep::testing {
namespace {

constexpr std::size_t kLimit = 1000;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "OpenSessions: %s failed\n", what);
  std::abort();
}

}  // namespace

std::size_t OpenSessions(const Chaos& chaos) {
  // The same library again, so the same module.
  void* const library = dlopen(Chaos::ModulePath().c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  Require(library != nullptr, "dlopen");
  const auto get_list = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* module = nullptr;
  Require(get_list != nullptr && get_list(&module) == CKR_OK, "C_GetFunctionList");
  std::array<CK_SLOT_ID, 16> slots{};
  CK_ULONG count = slots.size();
  Require(module->C_GetSlotList(CK_TRUE, slots.data(), &count) == CKR_OK && count > 0, "C_GetSlotList");
  chaos.Set("session-limit " + std::to_string(kLimit));
  std::vector<CK_SESSION_HANDLE> mine;
  for (CK_SESSION_HANDLE handle = 0;
       module->C_OpenSession(slots.front(), CKF_SERIAL_SESSION, nullptr, nullptr, &handle) == CKR_OK;) {
    mine.push_back(handle);
  }
  for (const CK_SESSION_HANDLE handle : mine) module->C_CloseSession(handle);
  chaos.Clear();
  dlclose(library);
  return kLimit - mine.size();
}

}  // namespace rootkeep::testing
