// When to try a call again, and how long to wait before.
#pragma once

#include <chrono>

#include "keystore/base/error.h"

namespace rootkeep {

// The defaults are istio-agent's (istio-protocol.md §1.6).
struct RetryPolicy {
  unsigned attempts = 5;  // the first one included; 1 tries once
  std::chrono::milliseconds first_wait{100};
  double jitter = 0.1;  // each wait is longer or shorter by up to this part of it, at random
};

// Whether the same call may succeed soon: the server is away or has too much to do.
bool WorthRetrying(Code code);

// The wait after attempt number `attempt` (1 and up): first_wait, doubled each time. `random` in [0, 1] picks the
// place inside the jitter, 0.5 its middle.
std::chrono::milliseconds WaitAfter(const RetryPolicy& policy, unsigned attempt, double random);

}  // namespace rootkeep
