#include "keystore/keysocket/wire/idle_connections.h"

#include <sched.h>
#include <unistd.h>

namespace rootkeep::keysocket {
namespace {

// Of the processor that the caller runs on; the first where the system does not say. No system call as a rule: glibc
// knows it by rseq, or asks the vDSO.
std::size_t PlaceHere() noexcept {
  const int processor = sched_getcpu();
  return processor < 0 ? 0 : static_cast<std::size_t>(processor) % IdleConnections::kMost;
}

}  // namespace

bool IdleConnections::Take(Connection& out) noexcept {
  const std::size_t here = PlaceHere();
  for (std::size_t i = 0; i < kMost; ++i) {
    Slot& slot = slots_[(here + i) % kMost];
    int held = slot.fd.load(std::memory_order_relaxed);
    // A slot that another thread was at when this process was forked stays taken, which costs its place.
    if (held < 0) continue;
    if (!slot.fd.compare_exchange_strong(held, kTaken, std::memory_order_acquire)) continue;
    const Origin origin = slot.origin;
    slot.fd.store(kFree, std::memory_order_release);
    const Origin now = Origin::Of(held);
    if (!origin.SameFile(now)) continue;  // the number is another file's now
    Connection connection(held, origin);
    if (origin != now) continue;  // closes this process's copy
    out = std::move(connection);
    return true;
  }
  return false;
}

void IdleConnections::Keep(Connection connection) noexcept {
  const std::size_t here = PlaceHere();
  for (std::size_t i = 0; i < kMost; ++i) {
    Slot& slot = slots_[(here + i) % kMost];
    int free = kFree;
    if (!slot.fd.compare_exchange_strong(free, kTaken, std::memory_order_acquire)) continue;
    slot.origin = connection.origin();
    slot.fd.store(connection.Release(), std::memory_order_release);
    return;
  }
  // Somebody else may have closed it during its call.
  if (!connection.origin().SameFile(Origin::Of(connection.fd()))) (void)connection.Release();
}

void IdleConnections::CloseAll() noexcept {
  for (Slot& slot : slots_) {
    const int held = slot.fd.exchange(kTaken, std::memory_order_acquire);
    if (held >= 0 && slot.origin.SameFile(Origin::Of(held))) close(held);
    slot.fd.store(kFree, std::memory_order_release);
  }
}

}  // namespace rootkeep::keysocket
