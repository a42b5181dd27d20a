#include "keystore/concurrency_search.h"

#include <algorithm>

namespace rootkeep {
namespace {

// More signers must earn their place; fewer are taken when they cost next to nothing.
constexpr double kUpward = 1.05;
constexpr double kDownward = 0.98;
// Beyond the processors, each added signer must bring at least this part of what a signer brings on average without it.
// Where the device is far away, each of its slots brings all of it.
constexpr double kBeyond = 1.0 / 3;
// A step is at least this part of the limit, in either direction: what it should change must be more than the above.
constexpr unsigned kSmallestPart = 8;
// What no scatter explains.
constexpr double kPlainlyBetter = 1.5;
constexpr double kPlainlyWorse = 0.9;
constexpr unsigned kShortestPause = 8;
constexpr unsigned kLongestPause = 512;

template <std::size_t size>
double Middle(std::array<double, size> values) {
  std::ranges::sort(values);
  return values[size / 2];
}

}  // namespace

ConcurrencySearch::ConcurrencySearch(unsigned max, unsigned processors)
    : max_(std::max(1U, max)), processors_(processors), pause_(kShortestPause) {}

void ConcurrencySearch::SetMax(unsigned max) {
  max_ = std::max(1U, max);
  if (std::max(base_, candidate_) > max_) Abandon();
  base_ = std::min(base_, max_);
}

void ConcurrencySearch::Observe(double per_second, bool saturated) {
  if (trying_) {
    at_candidate_[round_++] = per_second;
    trying_ = false;
    if (const auto better = Verdict()) EndTrial(*better);
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
  const unsigned smallest = (base_ + kSmallestPart - 1) / kSmallestPart;
  candidate_ = upward_ ? std::min(max_, base_ + std::max(step_, smallest)) : base_ - smallest;
  on_trial_ = true;
  round_ = 0;
}

std::optional<bool> ConcurrencySearch::Verdict() const {
  const double first = at_candidate_[0] / at_base_[0];
  if (round_ == 1 && upward_ && first > kPlainlyBetter) return true;
  if (round_ == 1 && first < std::min(kPlainlyWorse, Needed())) return false;
  if (round_ < kRounds) return std::nullopt;
  return Middle(at_candidate_) > Middle(at_base_) * Needed();
}

double ConcurrencySearch::Needed() const {
  const double change = static_cast<double>(candidate_) / base_ - 1;
  const double beyond = std::max(candidate_, base_) > processors_ ? change * kBeyond : 0;
  return 1 + (upward_ ? std::max(kUpward - 1, beyond) : std::min(kDownward - 1, beyond));
}

void ConcurrencySearch::EndTrial(bool better) {
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
  trying_ = false;
  on_trial_ = false;
  round_ = 0;
}

}  // namespace rootkeep
