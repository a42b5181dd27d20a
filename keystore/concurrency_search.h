// Finds how many signers a device is fastest with, from throughput measured while it is used.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

namespace rootkeep {

// Hill climbing: tries a neighbouring limit in turn with the present one, takes it when the middle of its windows is
// better by enough, and after a trial that changed nothing waits twice as long before the next. One window is enough
// where the difference is plain. Signers beyond this machine's processors must bring more: where the device computes
// here, they only take the processors from everything else. No clock, no threads: whoever measures calls it. Not
// thread-safe.
class ConcurrencySearch {
 public:
  // Starts at one; never leaves 1..max. `processors`: of this machine.
  ConcurrencySearch(unsigned max, unsigned processors);

  // Never more than this from now on; at least 1. A trial that would go beyond ends without a result.
  void SetMax(unsigned max);

  // What to allow in the window that begins now.
  [[nodiscard]] unsigned limit() const { return trying_ ? candidate_ : base_; }

  // The window that ends now: completions a second, and whether the device was used to its limit. A window at the
  // present limit that was not saturated says nothing; one on trial does, because a limit that is not reached is
  // enough.
  void Observe(double per_second, bool saturated);

  // Whether two limits are being compared. What else bears on the throughput is better left as it is meanwhile.
  [[nodiscard]] bool on_trial() const { return on_trial_; }
  // Ends a trial without a result; the present limit stays.
  void Abandon();

 private:
  static constexpr std::size_t kRounds = 3;

  void BeginTrial();
  void EndTrial(bool better);
  // Whether the candidate is better, when that can be said already.
  [[nodiscard]] std::optional<bool> Verdict() const;
  // What the candidate must do, as a multiple of what the present limit does.
  [[nodiscard]] double Needed() const;

  unsigned max_;
  const unsigned processors_;
  unsigned base_ = 1;
  unsigned candidate_ = 1;
  bool trying_ = false;  // the present window is the candidate's
  bool on_trial_ = false;
  bool upward_ = true;  // direction of the next trial
  unsigned step_ = 1;   // upward, at least; doubles while that pays
  unsigned rest_ = 0;   // windows until the next trial
  unsigned pause_;      // what rest_ was last set to
  std::size_t round_ = 0;
  std::array<double, kRounds> at_base_{};
  std::array<double, kRounds> at_candidate_{};
};

}  // namespace rootkeep
