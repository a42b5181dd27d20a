#include "keystore/isolated/backend/channel_pool.h"

#include "keystore/isolated/backend/reasons.h"

namespace rootkeep::isolated {
namespace {

// How much of the average one interval is.
constexpr int kWeight = 16;

Error TooLate() { return Unavailable("the deadline passed before the token host was asked").WithReason("deadline"); }

}  // namespace

Status ChannelPool::CheckRoomToWait(const Share& share, Deadline deadline, Time now) const {
  const auto after = [each = interval_](std::size_t count) { return each * static_cast<std::int64_t>(count); };
  const std::size_t half = (max_waiting_ + 1) / 2;
  if (waiting_.size() >= max_waiting_ ||
      (waiting_.size() >= half && (share.priority == Priority::kBulk || waiting_.SizeOf(share) >= half))) {
    return ResourceExhausted("too many calls wait for the token host")
        .WithReason("queue_full")
        .WithRetryAfter(after(waiting_.size() + 1));
  }
  const auto left = deadline - now;
  if (left.count() <= 0) return TooLate();
  if (after(waiting_.size() + 1) < left) return Ok();
  const auto wait = after(waiting_.Ahead(share, [](const Waiter* /*each*/) { return true; }) + 1);
  if (wait < left) return Ok();
  return ResourceExhausted(
             "so many calls wait for the token host that the deadline passes before it is this one's turn")
      .WithReason("queue_too_long")
      .WithRetryAfter(wait - left);
}

Result<Channel> ChannelPool::Take(const Share& share, Deadline deadline) {
  const MutexLock lock(mutex_);
  if (closed_) return HostLost();
  if (!free_.empty()) {
    Channel channel = std::move(free_.back());
    free_.pop_back();
    return channel;
  }
  const Time now = std::chrono::steady_clock::now();
  RK_RETURN_IF_ERROR(CheckRoomToWait(share, deadline, now));
  if (waiting_.empty()) handed_on_ = now;
  Waiter waiter;
  waiting_.Push(share, &waiter);
  while (!waiter.channel && !closed_) {
    if (!waiter.changed.WaitUntil(mutex_, deadline)) break;
  }
  if (waiter.channel) return std::move(*waiter.channel);
  if (closed_) return HostLost();
  waiting_.Remove(share, &waiter);
  return TooLate();
}

void ChannelPool::GiveBack(Channel channel) {
  const MutexLock lock(mutex_);
  if (waiting_.empty()) {
    free_.push_back(std::move(channel));
    return;
  }
  const Time now = std::chrono::steady_clock::now();
  const std::chrono::nanoseconds took = now - handed_on_;
  interval_ = interval_.count() == 0 ? took : interval_ + (took - interval_) / kWeight;
  handed_on_ = now;
  Waiter* const next = waiting_.Pop();
  next->channel = std::move(channel);
  next->changed.NotifyOne();
}

std::size_t ChannelPool::waiting() const {
  const MutexLock lock(mutex_);
  return waiting_.size();
}

void ChannelPool::Close() {
  const MutexLock lock(mutex_);
  closed_ = true;
  while (!waiting_.empty()) waiting_.Pop()->changed.NotifyOne();
}

void ChannelPool::Drop() {
  Close();
  const MutexLock lock(mutex_);
  free_.clear();
}

}  // namespace rootkeep::isolated
