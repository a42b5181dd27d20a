#include "providers/spire/keymanager/signing_threads.h"

#include <utility>

namespace rootkeep::spire {

void SigningThreads::Learn(Duration took) {
  if (took > kSlow) slow_.store(true, std::memory_order_relaxed);
  if (took < kQuick) slow_.store(false, std::memory_order_relaxed);
}

bool SigningThreads::Post(std::function<std::optional<Duration>()> sign) {
  return threads_.Post([this, sign = std::move(sign)] {
    if (const auto took = sign()) Learn(*took);
  });
}

}  // namespace rootkeep::spire
