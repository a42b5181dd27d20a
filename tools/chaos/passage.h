// One call of the application on its way to the real module.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "tools/chaos/chaos.h"

namespace rootkeep::chaos {

// Lives as long as the call, in one thread. The scenario it met at the door holds for all of it, unless it hung.
class Passage {
 public:
  // `session` is the application's handle, or 0; for the log.
  Passage(Chaos& chaos, Function function, CK_SESSION_HANDLE session)
      : chaos_(chaos), function_(function), session_(session), active_(chaos.Current()) {}
  Passage(const Passage&) = delete;
  Passage& operator=(const Passage&) = delete;
  // Frees the workers that the call kept busy.
  ~Passage();

  // Does what the rules for this function do before a call. The code to answer with when it goes no further.
  std::optional<CK_RV> Obstruct();

  // Counts the rules of this kind and gives the first that fires, which is the caller's to carry out and to Report.
  template <typename F>
  const Rule* Fires() {
    for (ActiveRule& active : active_->rules) {
      if (Concerns(active.rule) && std::holds_alternative<F>(active.rule.fault) && Count(active)) return &active.rule;
    }
    return nullptr;
  }

  // Writes a fault to the log, with function and session.
  void Report(std::string_view fault, unsigned line, std::vector<Field> fields = {});
  // Of a rule that fired in this call; nothing if it is quiet.
  void Report(std::string_view fault, const Rule& rule, std::vector<Field> fields = {});

  // The session to call the real module with, or none and the code to answer with in `rv`.
  std::optional<Sessions::Lease> Enter(CK_SESSION_HANDLE shown, CK_RV& rv);
  // The real module's slot; `present` when the call needs a token in it.
  std::optional<CK_SLOT_ID> RealSlot(CK_SLOT_ID shown, bool present, CK_RV& rv);
  // After a call about a slot: whether its number is wrong because the scenario changed it goes into the log.
  void NoteSlot(CK_SLOT_ID shown, CK_RV rv);
  // Its object, or none and `stale` in `rv`.
  std::optional<CK_OBJECT_HANDLE> RealObject(const Sessions::Lease& lease, CK_OBJECT_HANDLE shown, CK_RV stale,
                                             CK_RV& rv);

  [[nodiscard]] Chaos& chaos() const { return chaos_; }
  [[nodiscard]] const CK_FUNCTION_LIST& real() const { return chaos_.real(); }
  [[nodiscard]] Function function() const { return function_; }
  [[nodiscard]] Active& active() const { return *active_; }
  [[nodiscard]] const Scenario& scenario() const { return active_->scenario; }

 private:
  [[nodiscard]] bool Concerns(const Rule& rule) const { return !rule.function || *rule.function == function_; }
  bool Count(ActiveRule& active);
  void Wait(ActiveRule& active, const Delay& delay);
  void WaitForChange();

  Chaos& chaos_;
  const Function function_;
  const CK_SESSION_HANDLE session_;
  std::shared_ptr<Active> active_;
  std::vector<std::shared_ptr<Active>> kept_;  // scenarios whose workers are busy with this call
  struct Busy {
    Workers* workers;
    Workers::Time done;
  };
  std::vector<Busy> busy_;
  std::uint64_t call_ = 0;  // its number for the rule that fired last
};

}  // namespace rootkeep::chaos
