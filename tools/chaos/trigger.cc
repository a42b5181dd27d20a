#include "tools/chaos/trigger.h"

namespace rootkeep::chaos {
namespace {

// splitmix64 (Steele, Lea, Flood 2014).
std::uint64_t Scatter(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

}  // namespace

double Draw(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  const std::uint64_t bits = Scatter(Scatter(Scatter(seed) ^ stream) ^ index);
  return static_cast<double>(bits >> 11U) * 0x1.0p-53;
}

std::optional<std::uint64_t> TriggerState::Count() {
  const std::uint64_t call = calls_.fetch_add(1) + 1;
  if (!Hits(call) || !TakeOne()) return std::nullopt;
  return call;
}

bool TriggerState::Hits(std::uint64_t call) const {
  switch (trigger_.when) {
    case Trigger::When::kAlways: return true;
    case Trigger::When::kNth: return call == trigger_.n;
    case Trigger::When::kEvery: return call % trigger_.n == 0;
    case Trigger::When::kChance: return Draw(seed_, stream_, call) < trigger_.chance;
  }
  return false;
}

bool TriggerState::TakeOne() {
  if (!trigger_.times) return true;
  std::uint64_t fired = fired_.load();
  while (fired < *trigger_.times) {
    if (fired_.compare_exchange_weak(fired, fired + 1)) return true;
  }
  return false;
}

}  // namespace rootkeep::chaos
