// A scenario at work: its rules with their counters, as long as the file stays the same.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "keystore/base/mutex.h"
#include "tools/chaos/scenario.h"

namespace rootkeep::chaos {

// At most so many calls in the device at a time. Thread-safe.
class Workers {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Workers(unsigned free) : free_(free, std::nullopt) {}

  // Waits for a free one. When it began: for a call that others had to queue for, when the device was done with the one
  // before, so that what threads take to wake up does not make the device slower.
  Time Take();
  // `done` is when the device was.
  void Give(Time done);

 private:
  Mutex mutex_;
  CondVar given_;
  std::deque<std::optional<Time>> free_ RK_GUARDED_BY(mutex_);  // since when, if somebody was waiting then
  unsigned waiting_ RK_GUARDED_BY(mutex_) = 0;
};

// Which real objects pass themselves off as which others. Thread-safe.
class Disguises {
 public:
  void Put(CK_SLOT_ID slot, CK_OBJECT_HANDLE object, CK_OBJECT_HANDLE as);
  std::optional<CK_OBJECT_HANDLE> Find(CK_SLOT_ID slot, CK_OBJECT_HANDLE object);

 private:
  Mutex mutex_;
  std::map<std::pair<CK_SLOT_ID, CK_OBJECT_HANDLE>, CK_OBJECT_HANDLE> as_ RK_GUARDED_BY(mutex_);
};

// A rule and what it remembers.
struct ActiveRule {
  ActiveRule(const Rule& of, std::uint64_t scenario_seed);

  const Rule rule;
  const std::uint64_t seed;
  TriggerState trigger;
  Workers workers;
};

// Thread-safe but for `scenario`, which nobody changes.
struct Active {
  explicit Active(Scenario of);

  const Scenario scenario;
  std::deque<ActiveRule> rules;
  Disguises disguises;
};

// How long this call of the rule takes.
std::chrono::nanoseconds DelayOf(const Delay& delay, std::uint64_t seed, std::uint64_t line, std::uint64_t call);

}  // namespace rootkeep::chaos
