// The module's state: the real module, the scenario, the sessions, the log. One in a process.
#pragma once

#include <atomic>
#include <memory>

#include "tools/chaos/event_log.h"
#include "tools/chaos/scenario_file.h"
#include "tools/chaos/sessions.h"

namespace rootkeep::chaos {

// Environment variables (tools/chaos/README.md).
inline constexpr char kModuleVariable[] = "ROOTKEEP_CHAOS_MODULE";
inline constexpr char kScenarioVariable[] = "ROOTKEEP_CHAOS_SCENARIO";
inline constexpr char kLogVariable[] = "ROOTKEEP_CHAOS_LOG";

// Thread-safe.
class Chaos {
 public:
  // Never destroyed: applications call modules from exit handlers.
  static Chaos& Instance();

  // Loads the real module, once. Says on standard error and in the log why it cannot.
  CK_RV Load();
  [[nodiscard]] const CK_FUNCTION_LIST& real() const { return *real_; }

  // What comes before C_Initialize: the log is opened and the scenario read. False, with the reason in the log and on
  // standard error, when that cannot be done.
  bool Begin();

  // Between C_Initialize and C_Finalize.
  [[nodiscard]] bool initialised() const { return initialised_; }
  void SetInitialised(bool value) { initialised_ = value; }

  // The scenario that holds now. Looks at the file, and does what a change of it means for sessions.
  std::shared_ptr<Active> Current();

  Sessions& sessions() { return sessions_; }
  EventLog& log() { return log_; }

  // Logins that refuse-pin turned away, kept as a token keeps them: until a scenario comes without it.
  std::atomic<unsigned>& refused_pins() { return refused_pins_; }

 private:
  Chaos();
  Status Open();
  void Complain(std::string_view event, const Error& error);
  void Apply(const ScenarioFile::Look& look);

  Mutex load_mutex_;
  const CK_FUNCTION_LIST* real_ = nullptr;  // set by Load before anything else reads it
  EventLog log_;
  ScenarioFile file_;
  Sessions sessions_;
  std::atomic<bool> initialised_{false};
  std::atomic<unsigned> refused_pins_{0};
};

}  // namespace rootkeep::chaos
