#include "tools/chaos/passage.h"

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "tools/chaos/return_codes.h"

namespace rootkeep::chaos {
namespace {

// How often a call that hangs looks whether the scenario has changed.
constexpr auto kLookEvery = std::chrono::milliseconds(2);

}  // namespace

Passage::~Passage() {
  for (const Busy& busy : busy_) busy.workers->Give(busy.done);
}

bool Passage::Count(ActiveRule& active) {
  const auto call = active.trigger.Count();
  call_ = call.value_or(0);
  return call.has_value();
}

void Passage::Report(std::string_view fault, unsigned line, std::vector<Field> fields) {
  std::vector<Field> all{{"fault", fault}, {"line", line}, {"function", NameOf(function_)}};
  if (session_ != 0) all.emplace_back("session", session_);
  all.insert(all.end(), std::make_move_iterator(fields.begin()), std::make_move_iterator(fields.end()));
  chaos_.log().Write("fault", all);
}

void Passage::Report(std::string_view fault, const Rule& rule, std::vector<Field> fields) {
  if (rule.quiet) return;
  fields.emplace_back("call", call_);
  Report(fault, rule.line, std::move(fields));
}

std::optional<CK_RV> Passage::Obstruct() {
  const std::shared_ptr<Active> met = active_;
  for (ActiveRule& active : met->rules) {
    const Rule& rule = active.rule;
    const bool later =
        std::holds_alternative<WrongSignature>(rule.fault) || std::holds_alternative<OtherKey>(rule.fault);
    if (later || !Concerns(rule) || !Count(active)) continue;
    if (const auto* fail = std::get_if<Fail>(&rule.fault)) {
      Report("fail", rule, {{"rv", CodeText(fail->rv)}});
      return fail->rv;
    }
    if (const auto* delay = std::get_if<Delay>(&rule.fault)) Wait(active, *delay);
    if (std::holds_alternative<LoseSessions>(rule.fault)) {
      const auto killed = chaos_.sessions().Kill(std::nullopt);
      Report("lose-sessions", rule, {{"sessions", killed}});
    }
    if (std::holds_alternative<Crash>(rule.fault)) {
      Report("crash", rule);
      std::abort();
    }
    if (std::holds_alternative<Hang>(rule.fault)) {
      Report("hang", rule);
      WaitForChange();
      return std::nullopt;
    }
  }
  return std::nullopt;
}

void Passage::Wait(ActiveRule& active, const Delay& delay) {
  const auto time = DelayOf(delay, active.seed, active.rule.line, call_);
  auto done = std::chrono::steady_clock::now() + time;
  if (delay.workers > 0) {
    const auto start = active.workers.Take();
    // One that is slower than its delay is not to catch up for ever.
    done = std::max(start, std::chrono::steady_clock::now() - time) + time;
    busy_.push_back({&active.workers, done});
    kept_.push_back(active_);
  }
  Report("delay", active.rule, {{"us", std::chrono::duration_cast<std::chrono::microseconds>(time).count()}});
  std::this_thread::sleep_until(done);
}

void Passage::WaitForChange() {
  const std::shared_ptr<Active> met = active_;
  while (active_ == met) {
    std::this_thread::sleep_for(kLookEvery);
    active_ = chaos_.Current();
  }
}

std::optional<Sessions::Lease> Passage::Enter(CK_SESSION_HANDLE shown, CK_RV& rv) {
  Sessions& sessions = chaos_.sessions();
  auto lease = sessions.Enter(shown);
  const auto slot = lease ? std::optional(lease->slot()) : sessions.SlotOfDead(shown);
  const TokenAway* const away = slot ? scenario().AwayFrom(*slot) : nullptr;
  if (lease && away == nullptr) return lease;
  rv = away == nullptr ? CKR_SESSION_HANDLE_INVALID : away->sessions;
  if (slot) Report("dead-session", away == nullptr ? 0 : away->line, {{"rv", CodeText(rv)}});
  return std::nullopt;
}

std::optional<CK_SLOT_ID> Passage::RealSlot(CK_SLOT_ID shown, bool present, CK_RV& rv) {
  const auto slot = scenario().slots.Real(shown);
  if (!slot) {
    rv = CKR_SLOT_ID_INVALID;
    NoteSlot(shown, rv);
    return std::nullopt;
  }
  const TokenAway* const away = scenario().AwayFrom(*slot);
  if (away == nullptr || !present) return slot;
  rv = CKR_TOKEN_NOT_PRESENT;
  Report("token-away", away->line, {{"slot", shown}, {"rv", CodeText(rv)}});
  return std::nullopt;
}

void Passage::NoteSlot(CK_SLOT_ID shown, CK_RV rv) {
  if (rv != CKR_SLOT_ID_INVALID || scenario().slots == SlotMap()) return;
  Report("renumbered-slot", 0, {{"slot", shown}, {"rv", CodeText(rv)}});
}

std::optional<CK_OBJECT_HANDLE> Passage::RealObject(const Sessions::Lease& lease, CK_OBJECT_HANDLE shown, CK_RV stale,
                                                    CK_RV& rv) {
  const auto object = lease.RealObject(shown);
  if (object) return object;
  rv = stale;
  Report("stale-object", 0, {{"object", shown}, {"rv", CodeText(rv)}});
  return std::nullopt;
}

}  // namespace rootkeep::chaos
