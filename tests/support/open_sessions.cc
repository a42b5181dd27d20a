#include "tests/support/open_sessions.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "tests/support/chaos.h"

namespace rootkeep::testing {
namespace {

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "OpenSessions: %s failed\n", what);
  std::abort();
}

const CK_FUNCTION_LIST& Module() {
  // The same library again, so the same module; it stays loaded anyway.
  void* const library = dlopen(Chaos::ModulePath().c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  Require(library != nullptr, "dlopen");
  const auto get_list = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* module = nullptr;
  Require(get_list != nullptr && get_list(&module) == CKR_OK, "C_GetFunctionList");
  dlclose(library);
  return *module;
}

// Opens a session and closes it again.
CK_SESSION_HANDLE NextHandle(const CK_FUNCTION_LIST& module) {
  std::array<CK_SLOT_ID, 16> slots{};
  CK_ULONG count = slots.size();
  Require(module.C_GetSlotList(CK_TRUE, slots.data(), &count) == CKR_OK && count > 0, "C_GetSlotList");
  CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
  Require(module.C_OpenSession(slots.front(), CKF_SERIAL_SESSION, nullptr, nullptr, &handle) == CKR_OK,
          "C_OpenSession");
  module.C_CloseSession(handle);
  return handle;
}

}  // namespace

std::size_t OpenSessions::Count() {
  const CK_FUNCTION_LIST& module = Module();
  const CK_SESSION_HANDLE end = NextHandle(module);
  while (++last_ < end) open_.push_back(last_);
  last_ = end;
  std::erase_if(open_, [&module](CK_SESSION_HANDLE handle) {
    CK_SESSION_INFO info{};
    return module.C_GetSessionInfo(handle, &info) != CKR_OK;
  });
  return open_.size();
}

}  // namespace rootkeep::testing
