#include "keystore/device_queue.h"

namespace rootkeep {
namespace {

// A caller may take a free ticket before those who wait, because waking a thread takes longer than a fast device
// needs for a signature; after this time the first in line gets the next ticket whoever comes.
constexpr auto kPatience = std::chrono::milliseconds(2);

// The share of a window in which every ticket must have been out for the device to be what everybody waits for.
constexpr double kSaturated = 0.7;

Error TooLate() { return Unavailable("the deadline passed before the device was asked").WithReason("deadline"); }

}  // namespace

DeviceQueue::DeviceQueue(DeviceQueueOptions options) : options_(options), search_(options.max_concurrency) {}

Result<DeviceQueue::Ticket> DeviceQueue::Admit(Deadline deadline) {
  const Time now = std::chrono::steady_clock::now();
  if (now >= deadline) return TooLate();
  const MutexLock lock(mutex_);
  if (inside_ >= limit()) return WaitForRoom(deadline);
  // A device that was idle for a while has said nothing about how fast it is.
  if (inside_ == 0 && now - last_left_ > options_.window / 8) RestartWindow(now);
  Enter(now);
  return Ticket(this);
}

void DeviceQueue::Enter(Time now) {
  if (++inside_ == limit()) full_since_ = now;
}

Result<DeviceQueue::Ticket> DeviceQueue::WaitForRoom(Deadline deadline) {
  if (waiting_.size() >= options_.max_waiting) {
    return ResourceExhausted("too many callers wait for this key already").WithReason("queue_full");
  }
  Waiter me;
  me.since = std::chrono::steady_clock::now();
  const auto place = waiting_.insert(waiting_.end(), &me);
  bool in_time = true;
  while (!me.granted && in_time && (!me.notified || inside_ >= limit())) {
    me.notified = false;
    in_time = me.changed.WaitUntil(mutex_, deadline);
  }
  if (me.granted) return Ticket(this);  // Leave has taken me off the list
  waiting_.erase(place);
  if (in_time) {
    Enter(std::chrono::steady_clock::now());
    return Ticket(this);
  }
  NotifyIfRoom();  // the notification may have been meant for whoever is next
  return TooLate();
}

void DeviceQueue::Leave(bool completed) {
  const Time now = std::chrono::steady_clock::now();
  const MutexLock lock(mutex_);
  if (inside_ >= limit()) full_ += now - std::exchange(full_since_, now);
  --inside_;
  Measure(now, completed);
  if (waiting_.empty()) return;
  Waiter& first = *waiting_.front();
  if (inside_ < limit() && now - first.since > kPatience) {
    waiting_.pop_front();
    Enter(now);
    first.granted = true;
    first.changed.NotifyOne();
  }
  NotifyIfRoom();
}

void DeviceQueue::NotifyIfRoom() {
  unsigned room = limit() > inside_ ? limit() - inside_ : 0;
  for (Waiter* waiter : waiting_) {
    if (room == 0) return;
    --room;
    if (std::exchange(waiter->notified, true)) continue;
    waiter->changed.NotifyOne();
  }
}

void DeviceQueue::Measure(Time now, bool completed) {
  last_left_ = now;
  if (completed) ++completed_;
  const std::chrono::duration<double> took = now - window_began_;
  if (took < options_.window || completed_ < options_.window_completions) return;
  search_.Observe(completed_ / took.count(), full_ >= took * kSaturated);
  limit_.store(search_.limit(), std::memory_order_relaxed);
  RestartWindow(now);
}

void DeviceQueue::RestartWindow(Time now) {
  window_began_ = now;
  full_since_ = now;
  full_ = {};
  completed_ = 0;
}

}  // namespace rootkeep
