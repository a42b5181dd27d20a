#include "signer/client/retry.h"

#include <algorithm>

namespace rootkeep {

bool WorthRetrying(Code code) { return code == Code::kUnavailable || code == Code::kResourceExhausted; }

std::chrono::milliseconds WaitAfter(const RetryPolicy& policy, unsigned attempt, double random) {
  // Ten doublings are beyond every deadline; more would overflow.
  const auto doubled = policy.first_wait * (1U << std::min(attempt - 1, 10U));
  const double spread = 1.0 + policy.jitter * (2.0 * random - 1.0);
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(doubled.count()) * spread));
}

}  // namespace rootkeep
