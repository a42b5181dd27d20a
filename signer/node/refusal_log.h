// Lines in the log about refusals that anybody can cause: so many a minute, the rest is counted.
#pragma once

#include <cstdint>
#include <optional>

#include "keystore/base/mutex.h"
#include "signer/node/rate_limit.h"

namespace rootkeep {

// Thread-safe.
class RefusalLog {
 public:
  explicit RefusalLog(RateRule rule = {.per_minute = 120, .burst = 120}) : lines_(rule, 1) {}

  // Nothing when this refusal gets no line; else how many before it got none.
  std::optional<std::uint64_t> Admit(Deadline now);

 private:
  RateLimit lines_;
  Mutex mutex_;
  std::uint64_t without_line_ RK_GUARDED_BY(mutex_) = 0;
};

}  // namespace rootkeep
