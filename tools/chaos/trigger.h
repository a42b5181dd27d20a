// When a rule fires.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

namespace rootkeep::chaos {

struct Trigger {
  enum class When : std::uint8_t { kAlways, kNth, kEvery, kChance };

  When when = When::kAlways;
  std::uint64_t n = 0;                 // kNth, kEvery
  double chance = 0;                   // kChance: from 0 to 1
  std::optional<std::uint64_t> times;  // fires no more often
};

// The same number in [0, 1) for the same arguments, whichever thread asks and in whatever order.
double Draw(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

// Counts the calls that a rule sees. Thread-safe.
class TriggerState {
 public:
  // `stream` tells rules of one scenario apart, so that they do not fire together.
  TriggerState(const Trigger& trigger, std::uint64_t seed, std::uint64_t stream)
      : trigger_(trigger), seed_(seed), stream_(stream) {}

  // Counts one call. Its number, from 1, when the rule fires on it.
  std::optional<std::uint64_t> Count();

 private:
  [[nodiscard]] bool Hits(std::uint64_t call) const;
  // Whether it may fire once more; counts that.
  bool TakeOne();

  const Trigger trigger_;
  const std::uint64_t seed_;
  const std::uint64_t stream_;
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::uint64_t> fired_{0};
};

}  // namespace rootkeep::chaos
