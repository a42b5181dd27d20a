#include "keystore/keysocket/wire/awake_wait.h"

#include <sched.h>
#include <sys/socket.h>

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
    if (IsReadable(fd)) return true;
    (void)sched_yield();
  } while (std::chrono::steady_clock::now() < end);
  rest_.store(kRest, std::memory_order_relaxed);
  return false;
}

}  // namespace rootkeep::keysocket
