// The queue in front of a device: who may ask it now, who waits, and who is told at once to come back later.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "keystore/device_meter.h"
#include "keystore/device_work.h"
#include "keystore/fair_queue.h"

namespace rootkeep {

struct DeviceQueueOptions {
  DeviceMeterOptions meter;
  // Callers beyond are refused. Bulk work, and one caller alone, may take half of these places.
  std::size_t max_waiting = 256;
  // A device that takes no longer for a piece of work serves whoever is there for so long before equals who wait...
  std::chrono::microseconds turn{1000};
  // ...or for so long, while nobody waits but the same caller's own.
  std::chrono::microseconds own_turn{4000};
  // Whom nobody else has joined for so long counts as alone with the device.
  std::chrono::milliseconds alone_after{50};
};

// What a caller wants from a device.
struct DeviceRequest {
  DeviceWork work;
  const Share& share;
  Deadline deadline;
};

// One for each device, whatever it holds. Admits by ticket, and the thread that holds the ticket asks the device
// itself. How many tickets are out at once is found for each type of key (DeviceMeter). Those who wait are served by
// priority and callers in turn (FairQueue). A caller who is alone with a device that computes on this machine's
// processors gets tickets for all its threads, but for bulk work: nothing is won by making them wait for each other,
// and processors have nothing to do while a ticket goes from thread to thread. Thread-safe.
class DeviceQueue {
 public:
  using Time = DeviceMeter::Time;

  // One caller's permission; returned at the end of its scope.
  class Ticket {
   public:
    Ticket(Ticket&& other) noexcept
        : queue_(std::exchange(other.queue_, nullptr)),
          work_(other.work_),
          priority_(other.priority_),
          flow_(other.flow_),
          stay_(other.stay_),
          waited_(other.waited_) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (queue_ != nullptr) queue_->Leave(*this);
    }
    // The device did what it was asked, and was done at `now`: counts towards its throughput.
    void Completed(Time now) {
      stay_.left = now;
      stay_.completed = true;
    }
    // How long Admit took.
    [[nodiscard]] std::chrono::nanoseconds waited() const { return waited_; }

   private:
    friend class DeviceQueue;
    Ticket(DeviceQueue* queue, const DeviceRequest& request, Time entered, std::chrono::nanoseconds waited)
        : queue_(queue),
          work_(request.work),
          priority_(request.share.priority),
          flow_(MarkOf(request)),
          stay_{.entered = entered},
          waited_(waited) {}
    DeviceQueue* queue_;
    DeviceWork work_;
    Priority priority_;
    std::size_t flow_;
    DeviceMeter::Stay stay_;
    std::chrono::nanoseconds waited_;
  };

  explicit DeviceQueue(const DeviceQueueOptions& options = {});

  // UNAVAILABLE "deadline" when it passed before a ticket was free: the device is not asked. RESOURCE_EXHAUSTED at
  // once, with retry_after, when there is no place ("queue_full") or when, by what the device took lately, the ticket
  // cannot come in time ("queue_too_long"). Who has waited is overtaken by equals for no longer than two turns (see
  // options) or what the device takes once.
  Result<Ticket> Admit(const DeviceRequest& request);

  // How many tickets for this work may be out at present; at least 1.
  [[nodiscard]] unsigned limit(DeviceWork work) const { return limits_[work.index()].load(std::memory_order_relaxed); }

  // The same when all are one caller's; at least limit().
  [[nodiscard]] unsigned places(DeviceWork work) const { return places_[work.index()].load(std::memory_order_relaxed); }

  // The most tickets from now on.
  void SetCapacity(const DeviceCapacity& capacity);

  // What a piece of this work has taken lately, from ticket to return; zero while nothing was seen.
  [[nodiscard]] std::chrono::nanoseconds time(DeviceWork work) const;
  // How many wait.
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct Waiter {
    const DeviceRequest& request;
    CondVar changed;
    std::atomic<bool> granted{false};  // a ticket is this waiter's, since `entered`; changes under mutex_
    Time entered = {};
    bool notified = false;  // awake, or looks by itself from time to time, whether there is room
    bool called = false;    // is to come and stand ready for the next ticket
    bool ready = false;     // stands ready
  };

  // Tells callers apart, without memory of its own: returning a ticket must not fail. That two have the same mark only
  // means that they count as one: one goes before the other for longer, and they may share processors.
  static std::size_t MarkOf(const DeviceRequest& request) { return std::hash<std::string>{}(request.share.flow); }

  // Whether there is a ticket for it, if nobody else takes it first.
  [[nodiscard]] bool HasRoom(const DeviceRequest& request) const RK_REQUIRES(mutex_);
  // Whether all that are inside, were lately, or wait are this caller's, and all that wait for the same.
  [[nodiscard]] bool IsAlone(const DeviceRequest& request) const RK_REQUIRES(mutex_);
  // Counts one who has a ticket from now on.
  void Enter(const DeviceRequest& request, Time now) RK_REQUIRES(mutex_);
  // Whether a ticket is free and nobody who is more urgent waits for it.
  [[nodiscard]] bool MayEnter(const DeviceRequest& request) RK_REQUIRES(mutex_);
  // The waiter who would get a ticket that is free; null when none fits.
  [[nodiscard]] Waiter* Next() RK_REQUIRES(mutex_);
  Result<Ticket> Wait(const DeviceRequest& request, Time since) RK_REQUIRES(mutex_);
  [[nodiscard]] Status CheckRoomToWait(const DeviceRequest& request, const Share& flow, Time now) const
      RK_REQUIRES(mutex_);
  // Waits until `me` has a ticket; false when the deadline passed first.
  bool AwaitTurn(Waiter& me) RK_REQUIRES(mutex_);
  // Looks for a moment, awake, whether `me` is given a ticket.
  void StandReady(Waiter& me, Time now) RK_REQUIRES(mutex_);
  void Leave(Ticket& ticket);
  // Whether those who wait are given the ticket that comes back now, or whoever is there may take it first.
  [[nodiscard]] bool MustPassOn(const Ticket& ticket, Time now) RK_REQUIRES(mutex_);
  // Gives those who are next the tickets that are free, or wakes the first to look.
  void ServeNext(Time now, bool grant) RK_REQUIRES(mutex_);
  void PublishLimits() RK_REQUIRES(mutex_);

  const DeviceQueueOptions options_;
  std::array<std::atomic<unsigned>, DeviceWork::kKinds> limits_;  // change under mutex_
  std::array<std::atomic<unsigned>, DeviceWork::kKinds> places_;  // likewise
  mutable Mutex mutex_;
  DeviceMeter meter_ RK_GUARDED_BY(mutex_);
  FairQueue<Waiter*> waiting_ RK_GUARDED_BY(mutex_);
  static constexpr std::size_t kMarks = 256;
  std::array<unsigned, kMarks> inside_ RK_GUARDED_BY(mutex_){};  // how many tickets are out, by mark modulo kMarks
  std::size_t last_ RK_GUARDED_BY(mutex_) = 0;                   // mark of who entered last
  Time company_ RK_GUARDED_BY(mutex_);                           // when one entered who was another than the one before
  Time latest_ RK_GUARDED_BY(mutex_);                            // when a ticket went out or came back last
  Time turn_began_ RK_GUARDED_BY(mutex_);                        // when one who waited got a ticket last
};

}  // namespace rootkeep
