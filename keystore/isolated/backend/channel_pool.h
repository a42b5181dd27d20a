// Who may use which channel now, and who waits for one.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "keystore/base/mutex.h"
#include "keystore/fair_queue.h"
#include "keystore/isolated/wire/channel.h"

namespace rootkeep::isolated {

// The part of the device's queue that is on this side: what has a channel waits in the host's DeviceQueue. Who waits is
// served by priority and callers in turn (FairQueue). Thread-safe.
class ChannelPool {
 public:
  ChannelPool(std::vector<Channel> channels, std::size_t max_waiting)
      : max_waiting_(max_waiting), free_(std::move(channels)) {}

  // UNAVAILABLE "deadline" when none was free in time, UNAVAILABLE "token_host_lost" once the pool is closed.
  // RESOURCE_EXHAUSTED at once, with retry_after: "queue_full" when max_waiting callers wait already, or half as many
  // and this is bulk work or they are all this caller's; "queue_too_long" when by the time that lately passed from one
  // free channel to the next the deadline passes first.
  Result<Channel> Take(const Share& share, Deadline deadline);
  void GiveBack(Channel channel);

  // How many wait.
  [[nodiscard]] std::size_t waiting() const;

  // Ends everybody's wait; nothing is given out any more.
  void Close();
  // Closes the channels too that nobody uses, so that the other side sees the end.
  void Drop();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Waiter {
    CondVar changed;
    std::optional<Channel> channel;
  };

  [[nodiscard]] Status CheckRoomToWait(const Share& share, Deadline deadline, Time now) const RK_REQUIRES(mutex_);

  const std::size_t max_waiting_;
  mutable Mutex mutex_;
  bool closed_ RK_GUARDED_BY(mutex_) = false;
  std::vector<Channel> free_ RK_GUARDED_BY(mutex_);
  FairQueue<Waiter*> waiting_ RK_GUARDED_BY(mutex_);  // empty once the pool is closed
  // While somebody waits: when a channel was handed on last, and how long that takes on average.
  Time handed_on_ RK_GUARDED_BY(mutex_){};
  std::chrono::nanoseconds interval_ RK_GUARDED_BY(mutex_){0};
};

}  // namespace rootkeep::isolated
