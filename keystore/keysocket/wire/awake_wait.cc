#include "keystore/keysocket/wire/awake_wait.h"

#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace rootkeep::keysocket {
namespace {

bool IsReadable(int fd) noexcept {
  std::uint8_t octet = 0;
  return recv(fd, &octet, sizeof octet, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

}  // namespace

bool AwakeWait::Look(int fd) noexcept {
  // Threads that count at once may lose a call or two of the rest.
  if (const std::uint32_t left = rest_.load(std::memory_order_relaxed); left > 0) {
    rest_.store(left - 1, std::memory_order_relaxed);
    return false;
  }
  const auto end = std::chrono::steady_clock::now() + kLongest;
  do {
    if (IsReadable(fd)) {
      next_rest_.store(kShortestRest, std::memory_order_relaxed);
      return true;
    }
    (void)sched_yield();
  } while (std::chrono::steady_clock::now() < end);
  const std::uint32_t rest = next_rest_.load(std::memory_order_relaxed);
  rest_.store(rest, std::memory_order_relaxed);
  next_rest_.store(std::min(rest * 2, kLongestRest), std::memory_order_relaxed);
  return false;
}

}  // namespace rootkeep::keysocket
