#include "tools/rootkeep/sandbox/stop_signal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

namespace rootkeep::cli {
namespace {

std::atomic<bool> requested{false};
std::atomic<int> event{-1};  // becomes readable with the first signal and stays so; lives as long as the process

void OnSignal(int) {
  const int saved = errno;
  requested = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(event.load(), &one, sizeof one);
  errno = saved;
}

}  // namespace

Status CatchStopSignals() {
  if (event.load() >= 0) return Ok();
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return ErrnoError("eventfd", errno);
  event = fd;
  struct sigaction action{};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    if (sigaction(number, &action, nullptr) != 0) return ErrnoError("sigaction", errno);
  }
  return Ok();
}

bool StopRequested() { return requested; }

bool WaitForStop(std::chrono::milliseconds patience, int other_fd) {
  if (requested) return true;
  std::array<pollfd, 2> watched{
      {{.fd = event.load(), .events = POLLIN, .revents = 0}, {.fd = other_fd, .events = POLLIN, .revents = 0}}};
  // A signal ends poll with EINTR; requested is set then. A negative descriptor is ignored.
  poll(watched.data(), watched.size(), static_cast<int>(patience.count()));
  return requested;
}

}  // namespace rootkeep::cli
