#include "keystore/pkcs11/module.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>

#include "keystore/base/log.h"
#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/module_locks.h"
#include "keystore/pkcs11/quirks.h"
#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {
namespace {

// How long new calls are kept out while those inside finish.
constexpr auto kDrain = std::chrono::seconds(2);
constexpr auto kDrainAtEnd = std::chrono::seconds(5);
// How often a token that is away may make the other tokens of its module log in again.
constexpr auto kSharedInterval = std::chrono::seconds(10);

Error CannotOpen(const std::string& path, std::string_view why) {
  return FailedPrecondition(fmt::format("open module {}: {}", path, why))
      .WithReason(kReasonModuleOpen)
      .WithHint("is this the path of a PKCS#11 module for this architecture, and is it readable?");
}

Status SetEnvironment(const ModuleConfig& config) {
  for (const auto& [name, value] : config.environment) {
    if (setenv(name.c_str(), value.c_str(), 1) != 0) return ErrnoError("setenv " + name, errno);
  }
  return Ok();
}

}  // namespace

Result<std::shared_ptr<Module>> Module::Load(const ModuleConfig& config, std::shared_ptr<PinLatch> pins) {
  RK_RETURN_IF_ERROR(SetEnvironment(config));
  void* const library = dlopen(config.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return CannotOpen(config.path, dlerror());
  void* const symbol = dlsym(library, "C_GetFunctionList");
  if (symbol == nullptr) return CannotOpen(config.path, "it has no C_GetFunctionList");
  CK_FUNCTION_LIST* functions = nullptr;
  const CK_RV rv = reinterpret_cast<CK_C_GetFunctionList>(symbol)(&functions);
  if (rv != CKR_OK) return CkError("C_GetFunctionList", rv).WithReason(kReasonModuleOpen);
  if (functions == nullptr || functions->version.major != 2) {
    return CannotOpen(config.path, "it does not speak PKCS#11 version 2");
  }
  return std::shared_ptr<Module>(new Module(config, functions, std::move(pins)));
}

Module::Module(ModuleConfig config, const _CK_FUNCTION_LIST* functions, std::shared_ptr<PinLatch> pins)
    : config_(std::move(config)), functions_(functions), pins_(std::move(pins)), quirks_(&QuirksOf({})) {}

Module::~Module() {
  if (!usable_ && !stuck_) return;
  if (gate_.Close(After(kDrainAtEnd))) {
    FinaliseInTurn();
  } else {
    log::Failure("pkcs11.module_stuck", {{"module", config_.path}});
  }
}

Status Module::Initialise(Deadline deadline) {
  const Turn::Holder turn(lifecycle_turn_, deadline);
  if (!turn) return Unavailable("wait for C_Initialize by another thread").WithReason(kReasonDeadline);
  if (usable_) return Ok();
  return InitialiseInTurn();
}

Result<Module::Use> Module::Enter(Deadline deadline) {
  if (!gate_.Enter(deadline)) {
    return Unavailable("wait for module " + config_.path + " to be reinitialised").WithReason(kReasonDeadline);
  }
  Use use(this);
  if (usable_.load(std::memory_order_acquire)) return use;
  const MutexLock lock(mutex_);
  if (failure_) return *failure_;
  return Unavailable("module " + config_.path + " is not initialised").WithReason(kReasonModuleDown);
}

Status Module::Reinitialise(std::uint64_t seen_epoch, Deadline deadline, int own) {
  const Turn::Holder turn(lifecycle_turn_, deadline);
  if (!turn) return Unavailable("wait for C_Initialize by another thread").WithReason(kReasonDeadline);
  if (usable_ && epoch() != seen_epoch) return Ok();
  if (MustBeSpared(own)) return Spared();
  const auto now = std::chrono::steady_clock::now();
  if (!gate_.Close(std::min(deadline, now + kDrain))) {
    return Unavailable("a call inside module " + config_.path + " does not return").WithReason(kReasonModuleBusy);
  }
  {
    const MutexLock lock(mutex_);
    last_reinitialised_ = now;
  }
  FinaliseInTurn();
  Status status = InitialiseInTurn();
  gate_.Open();
  return status;
}

std::uint64_t Module::CallInitialize() const {
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  if (quirks().sleeps_in_mutexes) OfferMutexes(arguments);
  return functions_->C_Initialize(&arguments);
}

Status Module::InitialiseInTurn() {
  const bool offered = quirks().sleeps_in_mutexes;
  CK_RV rv = CallInitialize();
  // Still initialised by this object: whether that is of use shows in the calls that follow.
  const bool went_on = rv == CKR_CRYPTOKI_ALREADY_INITIALIZED && stuck_;
  if (went_on) rv = CKR_OK;
  if (rv == CKR_OK) Recognise();
  // What it wants it could not say before.
  const bool again = rv == CKR_OK && !went_on && !offered && quirks().sleeps_in_mutexes;
  if (again && functions_->C_Finalize(nullptr) == CKR_OK) rv = CallInitialize();
  const MutexLock lock(mutex_);
  const std::uint64_t now = epoch_.fetch_add(1, std::memory_order_acq_rel) + 1;
  if (rv == CKR_OK && !went_on) {
    sessions_since_.store(now, std::memory_order_release);
    stuck_ = false;
  }
  usable_.store(rv == CKR_OK, std::memory_order_release);
  connections_ = 0;
  failure_.reset();
  if (rv == CKR_OK) return Ok();
  failure_ = CkError("C_Initialize", rv).Within("initialise module " + config_.path).WithReason(kReasonModuleDown);
  // In use by somebody else in this process is a fault to be fixed; all else may be how an absent device shows.
  if (rv != CKR_CRYPTOKI_ALREADY_INITIALIZED) failure_ = std::move(*failure_).WithCode(Code::kUnavailable);
  return *failure_;
}

void Module::Recognise() {
  if (recognised_.load(std::memory_order_acquire)) return;
  CK_INFO info{};
  const CK_RV rv = functions_->C_GetInfo(&info);
  if (rv != CKR_OK) {
    log::Warning("pkcs11.module_not_recognised", {{"module", config_.path}, {"code", CkrName(rv)}});
    return;
  }
  quirks_.store(&QuirksOf(info), std::memory_order_release);
  recognised_.store(true, std::memory_order_release);
}

Result<std::unique_lock<std::timed_mutex>> Module::LockSessions(Deadline deadline) {
  std::unique_lock lock(sessions_mutex_, std::defer_lock);
  if (!quirks().sessions_race || lock.try_lock_until(deadline)) return lock;
  return Unavailable("wait for another login to module " + config_.path).WithReason(kReasonDeadline);
}

void Module::FinaliseInTurn() {
  // One that would not be finalised is asked again.
  if (!usable_.exchange(false) && !stuck_) return;
  const CK_RV rv = functions_->C_Finalize(nullptr);
  stuck_ = rv != CKR_OK;
  if (rv != CKR_OK) log::Warning("pkcs11.finalize", {{"module", config_.path}, {"code", CkrName(rv)}});
}

void Module::CountConnection(std::uint64_t epoch, int change) {
  const MutexLock lock(mutex_);
  if (epoch == this->epoch()) connections_ += change;
}

bool Module::MustBeSpared(int own) const {
  const auto now = std::chrono::steady_clock::now();
  const MutexLock lock(mutex_);
  return connections_ > own && now < last_reinitialised_ + kSharedInterval;
}

Error Module::Spared() const {
  return Unavailable("other tokens of module " + config_.path + " are in use; it is not reinitialised again yet")
      .WithReason(kReasonModuleBusy);
}

Result<std::shared_ptr<Module>> ModuleRegistry::Load(const ModuleConfig& config) {
  if (!config.path.starts_with('/')) return InvalidArgument("module path \"" + config.path + "\" is not absolute");
  const MutexLock lock(mutex_);
  for (const auto& [path, weak] : modules_) {
    const auto other = weak.lock();
    if (other == nullptr || path == config.path) continue;
    for (const auto& [name, value] : other->config().environment) {
      const auto mine = config.environment.find(name);
      if (mine != config.environment.end() && mine->second != value) {
        return FailedPrecondition(fmt::format("modules {} and {} want different values of {}", path, config.path, name))
            .WithReason(kReasonModuleOpen);
      }
    }
  }
  if (auto loaded = modules_[config.path].lock()) {
    if (loaded->config().environment == config.environment) return loaded;
    return FailedPrecondition("module " + config.path + " is loaded with another environment")
        .WithReason(kReasonModuleOpen);
  }
  RK_TRY(auto module, Module::Load(config, pins_));
  modules_[config.path] = module;
  return module;
}

}  // namespace rootkeep::pkcs11
