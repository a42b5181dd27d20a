#include "tools/chaos/chaos.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#include "tools/chaos/return_codes.h"

namespace rootkeep::chaos {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<const CK_FUNCTION_LIST*> LoadModule(const std::string& path) {
  if (path.empty()) return InvalidArgument(std::string(kModuleVariable) + " does not name a module");
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Unavailable(dlerror());
  void* const symbol = dlsym(library, "C_GetFunctionList");
  if (symbol == nullptr) return InvalidArgument(path + " has no C_GetFunctionList");
  CK_FUNCTION_LIST* list = nullptr;
  const CK_RV rv = reinterpret_cast<CK_C_GetFunctionList>(symbol)(&list);
  if (rv != CKR_OK || list == nullptr) return Unavailable("C_GetFunctionList of " + path + ": " + CodeText(rv));
  return list;
}

}  // namespace

Chaos& Chaos::Instance() {
  static auto* instance = new Chaos;
  return *instance;
}

Chaos::Chaos() : sessions_([this](CK_SESSION_HANDLE session) { real_->C_CloseSession(session); }) {}

void Chaos::Complain(std::string_view event, const Error& error) {
  std::fprintf(stderr, "rootkeep-chaos: %s\n", error.ToString().c_str());
  log_.Write(event, {{"error", error.ToString()}});
}

CK_RV Chaos::Load() {
  const MutexLock lock(load_mutex_);
  if (real_ != nullptr) return CKR_OK;
  const std::string path = Variable(kModuleVariable);
  auto status = log_.Open(Variable(kLogVariable));
  if (!status.ok()) Complain("log-error", status.error());
  const auto list = LoadModule(path);
  if (!list.ok()) {
    Complain("module-error", list.error());
    return CKR_LIBRARY_LOAD_FAILED;
  }
  real_ = *list;
  return CKR_OK;
}

bool Chaos::Begin() {
  auto status = Open();
  if (status.ok()) return true;
  Complain("start-error", status.error());
  return false;
}

Status Chaos::Open() {
  RK_RETURN_IF_ERROR(log_.Open(Variable(kLogVariable)));
  file_.Follow(Variable(kScenarioVariable));
  const auto look = file_.Now();
  if (look.error) return *look.error;
  Apply(look);
  return Ok();
}

std::shared_ptr<Active> Chaos::Current() {
  const auto look = file_.Now();
  Apply(look);
  return look.active;
}

void Chaos::Apply(const ScenarioFile::Look& look) {
  if (!look.changed) return;
  if (look.error) {
    Complain("scenario-error", *look.error);
    return;
  }
  const Scenario& scenario = look.active->scenario;
  log_.Write("scenario", {{"rules", scenario.rules.size()}});
  if (!scenario.refuse_pin) refused_pins_ = 0;
  if (scenario.slots != look.before->scenario.slots) log_.Write("fault", {{"fault", "renumber"}});
  for (const TokenAway& away : scenario.away) {
    const auto killed = sessions_.Kill(away.slot);
    std::vector<Field> fields{{"fault", "token-away"}, {"line", away.line}, {"sessions", killed}};
    if (away.slot) fields.emplace_back("slot", *away.slot);
    log_.Write("fault", fields);
  }
  // Calls that began before the token went may have opened sessions since.
  for (const TokenAway& away : look.before->scenario.away) sessions_.Kill(away.slot);
  if (scenario.away.empty() && !look.before->scenario.away.empty()) log_.Write("fault", {{"fault", "token-back"}});
}

}  // namespace rootkeep::chaos
