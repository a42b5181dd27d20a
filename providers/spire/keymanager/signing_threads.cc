#include "providers/spire/keymanager/signing_threads.h"

#include <utility>

namespace rootkeep::spire {

void SigningThreads::Learn(Duration took) {
  if (took > kSlow) slow_.store(true, std::memory_order_relaxed);
  if (took < kQuick) slow_.store(false, std::memory_order_relaxed);
}

bool SigningThreads::Post(std::function<bool()> sign) {
  return threads_.Post([this, sign = std::move(sign)] {
    const auto began = std::chrono::steady_clock::now();
    if (sign()) Learn(std::chrono::steady_clock::now() - began);
  });
}

}  // namespace rootkeep::spire
