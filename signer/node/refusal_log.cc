#include "signer/node/refusal_log.h"

#include <utility>

namespace rootkeep {

std::optional<std::uint64_t> RefusalLog::Admit(Deadline now) {
  const bool line = lines_.Take("", now).ok();
  const MutexLock lock(mutex_);
  if (line) return std::exchange(without_line_, 0);
  ++without_line_;
  return std::nullopt;
}

}  // namespace rootkeep
