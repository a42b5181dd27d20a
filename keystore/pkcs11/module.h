// A vendor's PKCS#11 module in this process: loaded by path, initialised and finalised explicitly.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "keystore/base/turn.h"
#include "keystore/pkcs11/gate.h"
#include "keystore/pkcs11/keys_lock.h"
#include "keystore/pkcs11/left_open.h"
#include "keystore/pkcs11/pin_latch.h"

struct _CK_FUNCTION_LIST;

namespace rootkeep::pkcs11 {

struct ModuleConfig {
  std::string path;  // absolute
  // Set with setenv before the module is loaded, for modules that are configured that way (keystore/NAMES.md).
  std::map<std::string, std::string> environment;
};

// Calls go in through Enter, so that none is inside while the module is finalised. The shared library stays mapped
// until the process ends: many modules do not survive dlclose. Thread-safe.
class Module {
 public:
  // Permission to call the module; while one lives the module is not finalised. Keep it short: one operation.
  class Use {
   public:
    Use(Use&& other) noexcept : module_(std::exchange(other.module_, nullptr)) {}
    Use& operator=(Use&&) = delete;
    ~Use() {
      if (module_ != nullptr) module_->gate_.Leave();
    }
    const _CK_FUNCTION_LIST* operator->() const { return module_->functions_; }
    [[nodiscard]] Module& module() const { return *module_; }
    [[nodiscard]] std::uint64_t epoch() const { return module_->epoch(); }

   private:
    friend class Module;
    explicit Use(Module* module) : module_(module) {}
    Module* module_;
  };

  // Loads the library; does not initialise it. FAILED_PRECONDITION "module_open" when that cannot be done. Without
  // `pins` a refused PIN is remembered as long as the module lives.
  static Result<std::shared_ptr<Module>> Load(const ModuleConfig& config,
                                              std::shared_ptr<PinLatch> pins = std::make_shared<PinLatch>());
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  // Waits a few seconds for calls inside, then C_Finalize.
  ~Module();

  [[nodiscard]] const ModuleConfig& config() const { return config_; }

  // C_Initialize, unless that has been done. UNAVAILABLE "module_down" when it fails: with some modules that is how an
  // absent device shows, and Reinitialise tries again.
  Status Initialise(Deadline deadline);

  // UNAVAILABLE: "module_down" before Initialise, "deadline" when others keep the module closed until then.
  Result<Use> Enter(Deadline deadline);

  // C_Finalize and C_Initialize, when the module is still in the state `seen_epoch` in which the caller found it
  // useless. Every session and object handle in it is gone afterwards. UNAVAILABLE "module_busy" when calls inside do
  // not return by `deadline`, or when tokens that work would be disturbed too often for one that is away; `own` of the
  // connections that work are the caller's own, and no reason. The caller must not hold a Use.
  Status Reinitialise(std::uint64_t seen_epoch, Deadline deadline, int own = 0);
  // Whether Reinitialise would now be refused for the others' sake.
  [[nodiscard]] bool MustBeSpared(int own) const;
  // That refusal.
  [[nodiscard]] Error Spared() const;

  // Counts C_Initialize calls, so that whoever holds handles can tell that they are from before.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }

  // The epoch since which session handles are good: this one, unless C_Finalize failed and the module went on as it
  // was. Changes only while nobody is inside.
  [[nodiscard]] std::uint64_t sessions_since() const { return sessions_since_.load(std::memory_order_acquire); }

  // Adds to how many connections made since `epoch` work; see Reinitialise. Those from before no longer count.
  void CountConnection(std::uint64_t epoch, int change);

  // How it differs from what PKCS#11 says; known once it has been initialised.
  [[nodiscard]] const Quirks& quirks() const { return *quirks_.load(std::memory_order_acquire); }
  // Asks which module it is, unless it has said so before. Who is inside may ask again when C_Initialize got no answer.
  void Recognise();
  // Hold it while sessions are opened or closed and while anybody logs in or out; locked only where these calls race.
  // UNAVAILABLE "deadline" when others had it until then: a login can hang.
  [[nodiscard]] Result<std::unique_lock<std::timed_mutex>> LockSessions(Deadline deadline);
  LeftOpen& left_open() { return left_open_; }
  // Connection::LockKeys.
  [[nodiscard]] Result<KeysLock> LockKeys(KeyAccess access, Deadline deadline) {
    return KeysLock::Take(keys_mutex_, quirks(), access, deadline);
  }
  // Whether one operation has had the keys to itself for so long that it must be taken to hang.
  [[nodiscard]] bool KeysAreStuck() const { return keys_mutex_.Stuck(); }

  // Which of its tokens have refused their PIN.
  PinLatch& pins() { return *pins_; }
  // Logging in is done by one thread at a time.
  Turn& login_turn() { return login_turn_; }

 private:
  Module(ModuleConfig config, const _CK_FUNCTION_LIST* functions, std::shared_ptr<PinLatch> pins);
  Status InitialiseInTurn();
  // C_Initialize, with what the module is known to want.
  std::uint64_t CallInitialize() const;
  void FinaliseInTurn();

  const ModuleConfig config_;
  const _CK_FUNCTION_LIST* const functions_;
  const std::shared_ptr<PinLatch> pins_;
  Gate gate_;
  Turn lifecycle_turn_;              // who may initialise and finalise
  std::atomic<bool> usable_{false};  // between C_Initialize and C_Finalize; changes only while the gate is closed
  std::atomic<std::uint64_t> epoch_{0};
  std::atomic<std::uint64_t> sessions_since_{0};
  bool stuck_ = false;  // the last C_Finalize failed; only in lifecycle_turn_
  std::atomic<const Quirks*> quirks_;
  std::atomic<bool> recognised_{false};
  std::timed_mutex sessions_mutex_;
  LeftOpen left_open_;
  KeysLock::Mutex keys_mutex_;
  Turn login_turn_;
  mutable Mutex mutex_;
  std::optional<Error> failure_ RK_GUARDED_BY(mutex_);  // of the last C_Initialize
  int connections_ RK_GUARDED_BY(mutex_) = 0;
  std::chrono::steady_clock::time_point last_reinitialised_ RK_GUARDED_BY(mutex_);
};

// One Module per path. Owned by main, which drops everything that holds modules before it ends. Thread-safe.
class ModuleRegistry {
 public:
  // `pin_directory` as PinLatch's.
  explicit ModuleRegistry(std::string pin_directory = {})
      : pins_(std::make_shared<PinLatch>(std::move(pin_directory))) {}

  // The module at config.path, loaded now or before. INVALID_ARGUMENT unless the path is absolute;
  // FAILED_PRECONDITION when it is loaded with another environment, or when a loaded module has another value for one
  // of the variables, because the environment is the whole process's.
  Result<std::shared_ptr<Module>> Load(const ModuleConfig& config);

 private:
  Mutex mutex_;
  const std::shared_ptr<PinLatch> pins_;  // of all modules: a token can be reached through two
  std::map<std::string, std::weak_ptr<Module>> modules_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep::pkcs11
