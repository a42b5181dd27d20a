#include "signer/rpc/request_id.h"

#include <fmt/format.h>

#include <atomic>
#include <random>

namespace rootkeep {

std::string NewRequestId() {
  static std::atomic<std::uint64_t> next{[] {
    std::random_device random;
    return std::uint64_t{random()} << 32 | random();
  }()};
  // An odd multiplier is a bijection on 64 bits: unique like the counter, but neighbours do not look alike.
  return fmt::format("{:016x}", next.fetch_add(1, std::memory_order_relaxed) * 0x9e3779b97f4a7c15U);
}

}  // namespace rootkeep
