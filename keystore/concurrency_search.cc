#include "keystore/concurrency_search.h"

#include <algorithm>

namespace rootkeep {
namespace {

// More signers must earn their place; fewer are taken when they cost next to nothing.
constexpr double kUpward = 1.06;
constexpr double kDownward = 0.98;
constexpr unsigned kShortestPause = 8;
constexpr unsigned kLongestPause = 512;

template <std::size_t size>
double Middle(std::array<double, size> values) {
  std::ranges::sort(values);
  return values[size / 2];
}

}  // namespace

ConcurrencySearch::ConcurrencySearch(unsigned max) : max_(std::max(1U, max)), pause_(kShortestPause) {}

void ConcurrencySearch::Observe(double per_second, bool saturated) {
  if (trying_) {
    at_candidate_[round_++] = per_second;
    trying_ = false;
    if (round_ == kRounds) EndTrial();
    return;
  }
  if (!saturated) return Abandon();
  if (rest_ > 0) {
    --rest_;
    return;
  }
  if (!on_trial_) BeginTrial();
  at_base_[round_] = per_second;
  trying_ = on_trial_;
}

void ConcurrencySearch::BeginTrial() {
  if (max_ == 1) return;
  if (upward_ && base_ == max_) upward_ = false;
  if (!upward_ && base_ == 1) upward_ = true;
  candidate_ = upward_ ? std::min(max_, base_ + step_) : base_ - 1;
  on_trial_ = true;
  round_ = 0;
}

void ConcurrencySearch::EndTrial() {
  const bool better = Middle(at_candidate_) > Middle(at_base_) * (upward_ ? kUpward : kDownward);
  on_trial_ = false;
  round_ = 0;
  if (better) {
    step_ = upward_ ? step_ * 2 : 1;
    base_ = candidate_;
    pause_ = kShortestPause;
    return;  // goes on in the same direction at once
  }
  // A double step that was too long is tried again as a single one.
  if (upward_ && step_ > 1) {
    step_ = 1;
    return;
  }
  upward_ = !upward_;
  rest_ = pause_;
  pause_ = std::min(pause_ * 2, kLongestPause);
}

void ConcurrencySearch::Abandon() {
  on_trial_ = false;
  round_ = 0;
}

}  // namespace rootkeep
