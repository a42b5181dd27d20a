#include "keystore/keysocket/wire/idle_connections.h"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rootkeep::keysocket {
namespace {

// Of the socket behind a descriptor; 0 when it is none.
std::uint64_t InodeOf(int fd) noexcept {
  struct stat info{};
  return fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode) ? info.st_ino : 0;
}

std::uint64_t Pack(pid_t owner, int fd) noexcept {
  return std::uint64_t{static_cast<std::uint32_t>(owner)} << 32 | static_cast<std::uint32_t>(fd + 1);
}
pid_t OwnerOf(std::uint64_t packed) noexcept { return static_cast<pid_t>(packed >> 32); }
int FdOf(std::uint64_t packed) noexcept { return static_cast<int>(static_cast<std::uint32_t>(packed)) - 1; }

// Of the processor that the caller runs on; the first where the system does not say.
std::size_t PlaceHere() noexcept {
  const int processor = sched_getcpu();
  return processor < 0 ? 0 : static_cast<std::size_t>(processor) % IdleConnections::kMost;
}

}  // namespace

bool IdleConnections::Take(Connection& out) noexcept {
  const pid_t self = getpid();
  const std::size_t here = PlaceHere();
  for (std::size_t i = 0; i < kMost; ++i) {
    Slot& slot = slots_[(here + i) % kMost];
    std::uint64_t held = slot.owner_and_fd.load(std::memory_order_relaxed);
    // A slot that another thread was at when this process was forked stays taken, which costs its place.
    if (held == 0 || held == kTaken) continue;
    if (!slot.owner_and_fd.compare_exchange_strong(held, kTaken, std::memory_order_acquire)) continue;
    const bool still_ours = slot.inode != 0 && InodeOf(FdOf(held)) == slot.inode;
    const bool same_user = slot.user == geteuid() && slot.group == getegid();
    slot.owner_and_fd.store(0, std::memory_order_release);
    if (!still_ours) continue;  // the number is another file's now
    Connection connection(FdOf(held));
    if (OwnerOf(held) != self || !same_user) continue;  // closes this process's copy
    out = std::move(connection);
    return true;
  }
  return false;
}

void IdleConnections::Keep(Connection connection) noexcept {
  const std::uint64_t inode = InodeOf(connection.fd());
  if (inode == 0) {
    (void)connection.Release();
    return;
  }
  const std::size_t here = PlaceHere();
  for (std::size_t i = 0; i < kMost; ++i) {
    Slot& slot = slots_[(here + i) % kMost];
    std::uint64_t free = 0;
    if (!slot.owner_and_fd.compare_exchange_strong(free, kTaken, std::memory_order_acquire)) continue;
    slot.inode = inode;
    slot.user = geteuid();
    slot.group = getegid();
    slot.owner_and_fd.store(Pack(getpid(), connection.Release()), std::memory_order_release);
    return;
  }
}

void IdleConnections::CloseAll() noexcept {
  for (Slot& slot : slots_) {
    const std::uint64_t held = slot.owner_and_fd.exchange(kTaken, std::memory_order_acquire);
    if (held != 0 && held != kTaken && InodeOf(FdOf(held)) == slot.inode) close(FdOf(held));
    slot.owner_and_fd.store(0, std::memory_order_release);
  }
}

}  // namespace rootkeep::keysocket
