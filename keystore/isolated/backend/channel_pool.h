// Who may use which channel now, and who waits for one.
#pragma once

#include <list>
#include <optional>
#include <vector>

#include "keystore/base/mutex.h"
#include "keystore/isolated/wire/channel.h"

namespace rootkeep::isolated {

// Thread-safe. Callers get channels in the order in which they came.
class ChannelPool {
 public:
  ChannelPool(std::vector<Channel> channels, std::size_t max_waiting)
      : max_waiting_(max_waiting), free_(std::move(channels)) {}

  // UNAVAILABLE "deadline" when none was free in time, RESOURCE_EXHAUSTED "queue_full" when max_waiting callers wait
  // already, UNAVAILABLE "token_host_lost" once the pool is closed.
  Result<Channel> Take(Deadline deadline);
  void GiveBack(Channel channel);

  // Ends everybody's wait; nothing is given out any more.
  void Close();
  // Closes the channels too that nobody uses, so that the other side sees the end.
  void Drop();

 private:
  struct Waiter {
    CondVar changed;
    std::optional<Channel> channel;
  };

  const std::size_t max_waiting_;
  Mutex mutex_;
  bool closed_ RK_GUARDED_BY(mutex_) = false;
  std::vector<Channel> free_ RK_GUARDED_BY(mutex_);
  std::list<Waiter*> waiting_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep::isolated
