// The module itself: a function list that is SoftHSM's, with the watched calls replaced.
#include <dlfcn.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "tests/support/probe_module.h"

namespace rootkeep::testing {
namespace {

Probe probe;
CK_FUNCTION_LIST* real = nullptr;
CK_FUNCTION_LIST list;

// Stays while somebody holds the gate (tests/support/sign_gate.h). Opening a FIFO waits for the other side.
void WaitAtGate() {
  const char* path = std::getenv(kSignGate);
  if (path == nullptr) return;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  char end = 0;
  while (read(fd, &end, 1) < 0 && errno == EINTR) {
  }
  close(fd);
}

// Whether the call fails now, and with what.
CK_RV Watched(Call call) {
  Probe::Watch& watch = probe[call];
  watch.calls.fetch_add(1);
  probe.WaitWhileStalled(call);
  if (call == Call::kSign) WaitAtGate();
  unsigned left = watch.failures.load();
  while (left > 0) {
    if (watch.failures.compare_exchange_weak(left, left - 1)) return watch.fail_with.load();
  }
  return CKR_OK;
}

// One wrapper for each watched member of the function list.
template <Call call, auto member, typename... Arguments>
CK_RV Forward(Arguments... arguments) {
  CK_RV rv = Watched(call);
  if (rv != CKR_OK) return rv;
  rv = (real->*member)(arguments...);
  const CK_RV disguise = probe[call].disguise.load();
  return rv == CKR_OK || disguise == CKR_OK ? rv : disguise;
}

CK_RV Initialize(void* arguments) {
  const auto* const given = static_cast<const CK_C_INITIALIZE_ARGS*>(arguments);
  probe.mutexes_given = given != nullptr && given->LockMutex != nullptr;
  return Forward<Call::kInitialize, &CK_FUNCTION_LIST::C_Initialize>(arguments);
}

CK_RV OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void* application, CK_NOTIFY notify, CK_SESSION_HANDLE* session) {
  if ((flags & CKF_RW_SESSION) != 0) ++probe.write_sessions;
  return Forward<Call::kOpenSession, &CK_FUNCTION_LIST::C_OpenSession>(slot, flags, application, notify, session);
}

template <Call call, auto member, typename... Arguments>
void Replace(CK_RV (*CK_FUNCTION_LIST::* /*same as member*/)(Arguments...)) {
  list.*member = &Forward<call, member, Arguments...>;
}

#define RK_WATCH(name) Replace<Call::k##name, &CK_FUNCTION_LIST::C_##name>(&CK_FUNCTION_LIST::C_##name)

bool LoadReal() {
  void* const library = dlopen(ROOTKEEP_SOFTHSM_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return false;
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  if (get == nullptr || get(&real) != CKR_OK) return false;
  list = *real;
  list.C_Initialize = &Initialize;
  RK_WATCH(Finalize);
  RK_WATCH(GetTokenInfo);
  list.C_OpenSession = &OpenSession;
  RK_WATCH(CloseSession);
  RK_WATCH(Login);
  RK_WATCH(FindObjectsInit);
  RK_WATCH(CopyObject);
  RK_WATCH(SignInit);
  RK_WATCH(Sign);
  RK_WATCH(GenerateKeyPair);
  return true;
}

}  // namespace
}  // namespace rootkeep::testing

extern "C" CK_RV C_GetFunctionList(CK_FUNCTION_LIST** out) {
  using namespace rootkeep::testing;
  if (real == nullptr && !LoadReal()) return CKR_LIBRARY_LOAD_FAILED;
  *out = &list;
  return CKR_OK;
}

extern "C" rootkeep::testing::Probe* rk_test_probe() { return &rootkeep::testing::probe; }
