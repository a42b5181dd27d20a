#include "providers/spire/keymanager/signing_threads.h"

#include <algorithm>

namespace rootkeep::spire {

void SigningThreads::Learn(Outcome outcome, std::chrono::steady_clock::duration took) {
  if (outcome == Outcome::kFailed) return;
  if (took > kSlow) slow_.store(true, std::memory_order_relaxed);
  if (outcome == Outcome::kNotDone) return;
  if (took < kQuick) slow_.store(false, std::memory_order_relaxed);
}

SigningThreads::Outcome SigningThreads::Try(const Work& work, Deadline deadline, bool again) {
  const auto began = std::chrono::steady_clock::now();
  const Outcome outcome = work(deadline, again);
  Learn(outcome, std::chrono::steady_clock::now() - began);
  return outcome;
}

bool SigningThreads::Run(Work work, Deadline deadline) {
  if (!slow_.load(std::memory_order_relaxed)) {
    const Deadline soon = std::min(deadline, std::chrono::steady_clock::now() + kSoon);
    if (Try(work, soon, true) != Outcome::kNotDone) return true;
  }
  return threads_.Post([this, work = std::move(work), deadline] { Try(work, deadline, false); });
}

}  // namespace rootkeep::spire
