// The queue in front of a device: who may ask it now, who waits, and who is told that there is no room.
#pragma once

#include <atomic>
#include <chrono>
#include <list>
#include <utility>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "keystore/concurrency_search.h"

namespace rootkeep {

struct DeviceQueueOptions {
  unsigned max_concurrency = 16;  // what the device allows
  std::size_t max_waiting = 256;  // callers beyond are refused
  // Throughput is measured over at least this time and this many completions.
  std::chrono::milliseconds window{40};
  unsigned window_completions = 20;
};

// Admits by ticket, and the thread that holds the ticket asks the device itself. How many tickets are out at once is
// found by ConcurrencySearch while they nearly always all are: it does not matter whether more callers wait here or, as
// in a daemon that runs limit() threads, somewhere before. Thread-safe.
class DeviceQueue {
 public:
  // One caller's permission; returned at the end of its scope.
  class Ticket {
   public:
    Ticket(Ticket&& other) noexcept : queue_(std::exchange(other.queue_, nullptr)), completed_(other.completed_) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (queue_ != nullptr) queue_->Leave(completed_);
    }
    // The device did what it was asked: counts towards its throughput.
    void Completed() { completed_ = true; }

   private:
    friend class DeviceQueue;
    explicit Ticket(DeviceQueue* queue) : queue_(queue) {}
    DeviceQueue* queue_;
    bool completed_ = false;
  };

  explicit DeviceQueue(DeviceQueueOptions options = {});

  // UNAVAILABLE "deadline" when it passed before a ticket was free: the device is not asked. RESOURCE_EXHAUSTED
  // "queue_full" when max_waiting callers wait already. Nobody who waits is overtaken for longer than a few
  // milliseconds.
  Result<Ticket> Admit(Deadline deadline);

  // How many tickets may be out at present; at least 1.
  [[nodiscard]] unsigned limit() const { return limit_.load(std::memory_order_relaxed); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Waiter {
    Time since;
    CondVar changed;
    bool granted = false;   // the ticket is this waiter's
    bool notified = false;  // told to look whether there is room
  };

  Result<Ticket> WaitForRoom(Deadline deadline) RK_REQUIRES(mutex_);
  void Enter(Time now) RK_REQUIRES(mutex_);
  void Leave(bool completed);
  void NotifyIfRoom() RK_REQUIRES(mutex_);
  void Measure(Time now, bool completed) RK_REQUIRES(mutex_);
  void RestartWindow(Time now) RK_REQUIRES(mutex_);

  const DeviceQueueOptions options_;
  Mutex mutex_;
  std::atomic<unsigned> limit_{1};  // changes under mutex_
  unsigned inside_ RK_GUARDED_BY(mutex_) = 0;
  std::list<Waiter*> waiting_ RK_GUARDED_BY(mutex_);  // the longest first

  ConcurrencySearch search_ RK_GUARDED_BY(mutex_);
  Time last_left_ RK_GUARDED_BY(mutex_);
  Time full_since_ RK_GUARDED_BY(mutex_);  // while every ticket is out
  Time window_began_ RK_GUARDED_BY(mutex_);
  // In this window: how long every ticket was out, and what the device completed.
  std::chrono::steady_clock::duration full_ RK_GUARDED_BY(mutex_){0};
  unsigned completed_ RK_GUARDED_BY(mutex_) = 0;
};

}  // namespace rootkeep
