// Measures a device while it is used: how long its work takes, and with how many signers it does most.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "keystore/concurrency_search.h"
#include "keystore/device_work.h"

namespace rootkeep {

struct DeviceMeterOptions {
  unsigned max_concurrency = 16;
  // Throughput is measured over at least this time and this many completions, and twice as many as the limit.
  std::chrono::milliseconds window{40};
  unsigned window_completions = 8;
  // Of this machine; more signers must earn their place (ConcurrencySearch).
  unsigned processors = std::max(1U, std::thread::hardware_concurrency());
};

// What a device allows at once.
struct DeviceCapacity {
  unsigned sessions = 1;       // work of all kinds; at least 1
  bool computes_here = false;  // signs with this machine's processors: no more room than these
};

// One ConcurrencySearch for each type of key, fed with the throughput of the whole device, so that no type gains at
// another's cost. Told what enters and leaves the device; reads no clock. Not thread-safe.
class DeviceMeter {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  // How a piece of work that left the device had come to it and fared there.
  struct Stay {
    Time entered = {};
    Time left = {};
    bool completed = false;
  };

  explicit DeviceMeter(const DeviceMeterOptions& options);

  void Entered(DeviceWork work, Time now);
  void Left(DeviceWork work, const Stay& stay);

  // Whether another may enter, whoever is inside.
  [[nodiscard]] bool HasRoom(DeviceWork work) const;
  // With how many of this kind inside the device does most; at least 1.
  [[nodiscard]] unsigned limit(DeviceWork work) const;
  // How many of this kind may be inside at once at present; at least limit(). A device that is not used to its limit
  // has nothing to lose by more: two that happen to come together would only wait for each other, while a processor
  // has nothing to do.
  [[nodiscard]] unsigned room(DeviceWork work) const;
  // How many may be inside at once when all are one caller's. Where a device computes here and is known to use all
  // processors, these are what more of them would wait for, inside or not: as many as it has sessions. Else room().
  [[nodiscard]] unsigned places(DeviceWork work) const { return SharesProcessors(work) ? capacity_ : room(work); }
  // Whether another may enter when all are its caller's.
  [[nodiscard]] bool HasPlace(DeviceWork work) const {
    return HasRoom(work) || (SharesProcessors(work) && inside_ < capacity_);
  }
  // Whether more signatures are inside than there is room for, because they share the processors.
  [[nodiscard]] bool IsOverfull(DeviceWork work) const {
    return computes_here_ && work.is_signature() && signing_ > room(work);
  }
  // How many are inside, of all kinds.
  [[nodiscard]] unsigned inside() const { return inside_; }
  // What the device allows at most from now on.
  void SetCapacity(const DeviceCapacity& capacity);

  // What one piece of this work has taken lately, without what it waited for a processor that others of its caller
  // shared; zero while nothing was seen.
  [[nodiscard]] Duration time(DeviceWork work) const;

 private:
  struct Kind {
    explicit Kind(const DeviceMeterOptions& options) : search(options.max_concurrency, options.processors) {}
    ConcurrencySearch search;
    unsigned inside = 0;
    double mean = 0;  // seconds inside, lately
    double cost = 0;  // the same as it was before the present trial, so that work of different kinds can be added up
    Time last_left;
    Time changed;     // when `inside` did
    double area = 0;  // `inside` times seconds
    double work = 0;  // completions times cost

    bool at_leisure = false;  // the last window was far from using the limit

    unsigned skip = 0;  // completions until the next window, after a change of the limit
    // The window under way.
    Time began;
    double full = 0;           // seconds in which no more of this kind might enter
    double device_full = 0;    // what full_ was at the beginning
    double others = 0;         // what others had done at the beginning
    unsigned completions = 0;  // that came in it, too
    double held = 0;           // their seconds inside
  };

  Kind& kind(DeviceWork work) { return kinds_[work.index()]; }
  [[nodiscard]] const Kind& kind(DeviceWork work) const { return kinds_[work.index()]; }
  [[nodiscard]] bool SharesProcessors(DeviceWork work) const;
  // Adds up the time since the last change.
  void Advance(Kind& kind, DeviceWork work, Time now);
  // `share`: of a processor that it had, as far as others of its kind took the rest.
  void Learn(Kind& kind, const Stay& stay, double share);
  void Evaluate(std::size_t index, Time now);
  // The throughput of the whole device in the kind's window that ends now.
  [[nodiscard]] double Throughput(const Kind& kind, double seconds) const;
  void RestartWindow(Kind& kind, Time now);
  // Whether this kind may try another limit now: one kind at a time does.
  bool MayTry(std::size_t index, Time now);
  void FindTop();

  const DeviceMeterOptions options_;
  unsigned capacity_;
  bool computes_here_ = false;
  std::vector<Kind> kinds_;
  unsigned inside_ = 0;     // everything
  unsigned signing_ = 0;    // signatures
  unsigned top_ = 1;        // the largest room of a type of key
  Time changed_;            // when signing_ did
  double full_ = 0;         // seconds with top_ signatures inside
  double work_ = 0;         // of all kinds
  std::size_t trying_ = 0;  // the kind on trial; 0: none
};

}  // namespace rootkeep
