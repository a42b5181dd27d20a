#include "keystore/device_queue.h"

#include <algorithm>
#include <string>
#include <thread>

namespace rootkeep {
namespace {

// For no longer somebody who is next looks for the ticket awake. A device that takes longer costs little more by being
// idle until a thread has woken up.
constexpr auto kLongestLook = std::chrono::microseconds(200);

Error TooLate() { return Unavailable("the deadline passed before the device was asked").WithReason("deadline"); }

// A caller waits in a flow for each kind of work, because a free ticket may be for one kind and not for another.
Share FlowOf(const DeviceRequest& request) {
  Share flow = request.share;
  flow.flow += '\0';
  flow.flow += static_cast<char>('0' + request.work.index());
  return flow;
}

}  // namespace

DeviceQueue::DeviceQueue(const DeviceQueueOptions& options) : options_(options), meter_(options.meter) {
  const MutexLock lock(mutex_);
  PublishLimits();
}

void DeviceQueue::PublishLimits() {
  for (std::size_t i = 0; i < DeviceWork::kKinds; ++i) {
    const auto work = i == 0 ? DeviceWork::Management() : DeviceWork::Signature(static_cast<KeyType>(i - 1));
    limits_[i].store(meter_.room(work), std::memory_order_relaxed);
    places_[i].store(meter_.places(work), std::memory_order_relaxed);
  }
}

void DeviceQueue::SetCapacity(const DeviceCapacity& capacity) {
  const MutexLock lock(mutex_);
  meter_.SetCapacity(capacity);
  PublishLimits();
  ServeNext(std::chrono::steady_clock::now(), /*grant=*/true);
}

std::chrono::nanoseconds DeviceQueue::time(DeviceWork work) const {
  const MutexLock lock(mutex_);
  return meter_.time(work);
}

std::size_t DeviceQueue::waiting() const {
  const MutexLock lock(mutex_);
  return waiting_.size();
}

// Waking a thread takes about as long as a fast device needs for a signature. So whoever comes while a ticket is free
// may take it before equals who wait, until the turn of those who are there is over; those who were woken for nothing
// look again after the same time. Then who is next is called, and is given the ticket once it is awake, so that the
// device does not wait for it. A device that takes longer than a turn serves strictly in order, unless one caller's
// threads share the processors.
Result<DeviceQueue::Ticket> DeviceQueue::Admit(const DeviceRequest& request) {
  const Time now = std::chrono::steady_clock::now();
  if (now >= request.deadline) return TooLate();
  const MutexLock lock(mutex_);
  if (!MayEnter(request)) return Wait(request, now);
  Enter(request, now);
  return Ticket(this, request, now, {});
}

void DeviceQueue::Enter(const DeviceRequest& request, Time now) {
  meter_.Entered(request.work, now);
  const std::size_t mark = MarkOf(request);
  ++inside_[mark % kMarks];
  if (mark != last_) company_ = now;
  last_ = mark;
  latest_ = now;
}

bool DeviceQueue::HasRoom(const DeviceRequest& request) const {
  if (meter_.HasRoom(request.work)) return true;
  return request.share.priority != Priority::kBulk && meter_.HasPlace(request.work) && IsAlone(request);
}

bool DeviceQueue::IsAlone(const DeviceRequest& request) const {
  const std::size_t mark = MarkOf(request);
  if (mark != last_ || latest_ - company_ < options_.alone_after) return false;
  if (inside_[mark % kMarks] != meter_.inside()) return false;
  if (waiting_.empty()) return true;
  // Who waits for another kind of work would not be let in for as long as these come.
  const Waiter* const* const only = waiting_.OnlyFlow();
  return only != nullptr && MarkOf((*only)->request) == mark && (*only)->request.work.index() == request.work.index();
}

bool DeviceQueue::MayEnter(const DeviceRequest& request) {
  if (!HasRoom(request)) return false;
  const Waiter* const next = Next();
  return next == nullptr || next->request.share.priority >= request.share.priority;
}

DeviceQueue::Waiter* DeviceQueue::Next() {
  if (waiting_.empty()) return nullptr;
  // The analysis does not see that the queue calls this while mutex_ is held.
  const auto fits = [this](const Waiter* one) RK_NO_THREAD_SAFETY_ANALYSIS { return HasRoom(one->request); };
  Waiter* const* const next = waiting_.Next(fits);
  return next == nullptr ? nullptr : *next;
}

Status DeviceQueue::CheckRoomToWait(const DeviceRequest& request, const Share& flow, Time now) const {
  const std::chrono::duration<double> each =
      meter_.time(request.work) / static_cast<double>(meter_.limit(request.work));
  const auto after = [each](std::size_t count) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(each * static_cast<double>(count));
  };
  const std::size_t half = options_.max_waiting / 2;
  if (waiting_.size() >= options_.max_waiting ||
      (waiting_.size() >= half && (flow.priority == Priority::kBulk || waiting_.SizeOf(flow) >= half))) {
    return ResourceExhausted("too many callers wait for this device already")
        .WithReason("queue_full")
        .WithRetryAfter(after(waiting_.size() + 1));
  }
  const auto left = request.deadline - now;
  if (after(waiting_.size()) < left) return Ok();
  const auto same = [&request](const Waiter* other) { return other->request.work.index() == request.work.index(); };
  const auto wait = after(waiting_.Ahead(flow, same));
  if (wait < left) return Ok();
  return ResourceExhausted("so many callers wait for this device that the deadline passes before it is this one's turn")
      .WithReason("queue_too_long")
      .WithRetryAfter(wait - left);
}

Result<DeviceQueue::Ticket> DeviceQueue::Wait(const DeviceRequest& request, Time since) {
  const Share flow = FlowOf(request);
  RK_RETURN_IF_ERROR(CheckRoomToWait(request, flow, since));
  Waiter me{.request = request, .changed = {}};
  waiting_.Push(flow, &me);
  // A ticket that is free is a more urgent waiter's: see that it comes for it.
  if (HasRoom(request)) ServeNext(since, /*grant=*/false);
  const bool in_time = AwaitTurn(me);
  const Time now = std::chrono::steady_clock::now();
  if (me.granted) return Ticket(this, request, me.entered, now - since);
  waiting_.Remove(flow, &me);
  if (in_time) {
    Enter(request, now);
    turn_began_ = now;
  }
  ServeNext(now, /*grant=*/false);  // I may have been the one to look for room, or there is more of it
  if (!in_time) return TooLate();
  return Ticket(this, request, now, now - since);
}

bool DeviceQueue::AwaitTurn(Waiter& me) {
  while (!me.granted) {
    if (me.notified && MayEnter(me.request)) return true;
    const Time now = std::chrono::steady_clock::now();
    if (now >= me.request.deadline) return false;
    if (std::exchange(me.called, false)) {
      StandReady(me, now);
      continue;
    }
    me.changed.WaitUntil(mutex_,
                         me.notified ? std::min(me.request.deadline, now + options_.turn) : me.request.deadline);
  }
  return true;
}

void DeviceQueue::StandReady(Waiter& me, Time now) {
  me.ready = true;
  mutex_.Unlock();
  // Whoever is to give the ticket may want this processor.
  while (!me.granted.load(std::memory_order_relaxed) && std::chrono::steady_clock::now() < now + kLongestLook) {
    std::this_thread::yield();
  }
  mutex_.Lock();
  me.ready = false;
}

void DeviceQueue::Leave(Ticket& ticket) {
  if (!ticket.stay_.completed) ticket.stay_.left = std::chrono::steady_clock::now();
  const Time now = ticket.stay_.left;
  const MutexLock lock(mutex_);
  meter_.Left(ticket.work_, ticket.stay_);
  --inside_[ticket.flow_ % kMarks];
  latest_ = now;
  if (meter_.room(ticket.work_) != limit(ticket.work_) || meter_.places(ticket.work_) != places(ticket.work_)) {
    PublishLimits();
  }
  if (!waiting_.empty()) ServeNext(now, MustPassOn(ticket, now));
}

bool DeviceQueue::MustPassOn(const Ticket& ticket, Time now) {
  if (waiting_.HasMoreUrgent(ticket.priority_)) return true;
  Waiter* const* const only = waiting_.OnlyFlow();
  const bool own = only != nullptr && MarkOf((*only)->request) == ticket.flow_;
  const auto used = now - turn_began_;
  // How long it was inside says nothing about the device then, and its place is not what keeps a processor busy.
  if (own && meter_.IsOverfull(ticket.work_)) return used >= options_.own_turn;
  if (now - ticket.stay_.entered >= options_.turn) return true;
  const auto turn = (own ? options_.own_turn : options_.turn) / meter_.room(ticket.work_);
  if (used < turn) return false;
  Waiter* const next = Next();
  if (next == nullptr || next->ready || used >= 2 * turn || meter_.time(ticket.work_) > kLongestLook / 2) return true;
  if (!std::exchange(next->called, true)) next->changed.NotifyOne();
  return false;
}

void DeviceQueue::ServeNext(Time now, bool grant) {
  while (Waiter* const next = Next()) {
    if (!grant) {
      if (!std::exchange(next->notified, true)) next->changed.NotifyOne();
      return;
    }
    waiting_.PopNext([next](const Waiter* each) { return each == next; });
    Enter(next->request, now);
    turn_began_ = now;
    next->entered = now;
    next->granted = true;
    next->changed.NotifyOne();
  }
}

}  // namespace rootkeep
