#include "keystore/isolated/backend/channel_pool.h"

#include "keystore/isolated/backend/reasons.h"

namespace rootkeep::isolated {

Result<Channel> ChannelPool::Take(Deadline deadline) {
  const MutexLock lock(mutex_);
  if (closed_) return HostLost();
  if (!free_.empty()) {
    Channel channel = std::move(free_.back());
    free_.pop_back();
    return channel;
  }
  if (waiting_.size() >= max_waiting_) {
    return ResourceExhausted("too many calls wait for the token host").WithReason("queue_full");
  }
  Waiter waiter;
  const auto place = waiting_.insert(waiting_.end(), &waiter);
  while (!waiter.channel && !closed_) {
    if (!waiter.changed.WaitUntil(mutex_, deadline)) break;
  }
  if (waiter.channel) return std::move(*waiter.channel);
  waiting_.erase(place);
  if (closed_) return HostLost();
  return Unavailable("the deadline passed before the token host was asked").WithReason("deadline");
}

void ChannelPool::GiveBack(Channel channel) {
  const MutexLock lock(mutex_);
  if (waiting_.empty()) {
    free_.push_back(std::move(channel));
    return;
  }
  Waiter* const first = waiting_.front();
  waiting_.pop_front();
  first->channel = std::move(channel);
  first->changed.NotifyOne();
}

void ChannelPool::Close() {
  const MutexLock lock(mutex_);
  closed_ = true;
  for (Waiter* waiter : waiting_) waiter->changed.NotifyOne();
}

void ChannelPool::Drop() {
  Close();
  const MutexLock lock(mutex_);
  free_.clear();
}

}  // namespace rootkeep::isolated
