// A PKCS#11 module for tests that passes every call on to SoftHSM, counts calls, and fails or stalls them on demand.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>

namespace rootkeep::testing {

// The calls that are watched; everything else is passed on unseen.
enum class Call : std::size_t {
  kInitialize,
  kFinalize,
  kGetTokenInfo,
  kOpenSession,
  kCloseSession,
  kLogin,
  kFindObjectsInit,
  kCopyObject,
  kSignInit,
  kSign,
  kGenerateKeyPair,
  kCount,
};

// Lives in the module; shared with the test through ProbeOf.
struct Probe {
  struct Watch {
    std::atomic<unsigned> calls{0};
    std::atomic<unsigned> failures{0};        // this many next calls fail, without reaching SoftHSM...
    std::atomic<unsigned long> fail_with{0};  // ...with this CKR value  NOLINT(google-runtime-int)
    std::atomic<unsigned long> disguise{0};   // what SoftHSM's own failures are reported as  NOLINT(google-runtime-int)
    bool stall = false;                       // calls wait inside until this is false again; under Probe::mutex
    unsigned stalled = 0;                     // how many are waiting; under Probe::mutex
  };

  Watch& operator[](Call call) { return watches[static_cast<std::size_t>(call)]; }

  // The next `times` calls return `rv`.
  void Fail(Call call, unsigned long rv, unsigned times = 1) {  // NOLINT(google-runtime-int)
    (*this)[call].fail_with = rv;
    (*this)[call].failures = times;
  }
  // From now on whatever SoftHSM refuses is reported as `rv`.
  void Disguise(Call call, unsigned long rv) { (*this)[call].disguise = rv; }  // NOLINT(google-runtime-int)
  // From now on these calls wait inside the module, until Release.
  void Stall(Call call);
  void Release(Call call);
  // Returns when a call is waiting inside.
  void AwaitStalled(Call call);
  // What a watched call does first.
  void WaitWhileStalled(Call call);
  // As new.
  void Reset();

  std::array<Watch, static_cast<std::size_t>(Call::kCount)> watches;
  std::atomic<bool> mutexes_given{false};   // at the last C_Initialize
  std::atomic<unsigned> write_sessions{0};  // how many C_OpenSession were for a read-write session
  // Not std::atomic::wait: its waiters are not found from another shared object.
  std::mutex mutex;
  std::condition_variable changed;
};

// Environment variable with the path of a FIFO: while it exists C_Sign waits in it, in whatever process. SignGate.
inline constexpr char kSignGate[] = "ROOTKEEP_PROBE_SIGN_GATE";

// Path of the module in the build tree.
std::string ProbeModulePath();

// The probe inside it. The module must have been loaded.
Probe& LoadedProbe();

}  // namespace rootkeep::testing
