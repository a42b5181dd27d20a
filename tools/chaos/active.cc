#include "tools/chaos/active.h"

#include <cmath>

namespace rootkeep::chaos {

Workers::Time Workers::Take() {
  const MutexLock lock(mutex_);
  ++waiting_;
  while (free_.empty()) given_.Wait(mutex_);
  --waiting_;
  const auto since = free_.front();
  free_.pop_front();
  return since.value_or(std::chrono::steady_clock::now());
}

void Workers::Give(Time done) {
  const MutexLock lock(mutex_);
  free_.push_back(waiting_ > 0 ? std::optional(done) : std::nullopt);
  given_.NotifyOne();
}

void Disguises::Put(CK_SLOT_ID slot, CK_OBJECT_HANDLE object, CK_OBJECT_HANDLE as) {
  const MutexLock lock(mutex_);
  as_[{slot, object}] = as;
}

std::optional<CK_OBJECT_HANDLE> Disguises::Find(CK_SLOT_ID slot, CK_OBJECT_HANDLE object) {
  const MutexLock lock(mutex_);
  const auto found = as_.find({slot, object});
  if (found == as_.end()) return std::nullopt;
  return found->second;
}

ActiveRule::ActiveRule(const Rule& of, std::uint64_t scenario_seed)
    : rule(of),
      seed(scenario_seed),
      trigger(of.trigger, scenario_seed, of.line),
      workers(std::holds_alternative<Delay>(of.fault) ? std::get<Delay>(of.fault).workers : 0) {}

Active::Active(Scenario of) : scenario(std::move(of)) {
  for (const Rule& rule : scenario.rules) rules.emplace_back(rule, scenario.seed);
}

std::chrono::nanoseconds DelayOf(const Delay& delay, std::uint64_t seed, std::uint64_t line, std::uint64_t call) {
  // Another stream than the one that decides whether the rule fires.
  const double draw = Draw(seed, ~line, call);
  const auto low = static_cast<double>(delay.low.count());
  const auto high = static_cast<double>(delay.high.count());
  switch (delay.shape) {
    case Delay::Shape::kFixed: return delay.low;
    case Delay::Shape::kUniform: return std::chrono::nanoseconds(static_cast<std::int64_t>(low + draw * (high - low)));
    case Delay::Shape::kExponential:
      return std::chrono::nanoseconds(static_cast<std::int64_t>(-low * std::log1p(-draw)));
  }
  return delay.low;
}

}  // namespace rootkeep::chaos
