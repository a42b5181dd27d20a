// Bounded work: how many threads are at it at once, who waits for one, and who is told to come back.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "keystore/fair_queue.h"

namespace rootkeep::keysocket {

// What waits: whose it is, and the request as it came. Thread-safe.
template <typename Owner>
class Lane {
 public:
  struct Job {
    Owner owner;
    const void* group = nullptr;
    std::vector<std::uint8_t> message;
    std::chrono::steady_clock::time_point arrived;
  };

  // At most `workers` at a time, at least one.
  Lane(unsigned workers, std::size_t max_waiting) : workers_(std::max(workers, 1U)), max_waiting_(max_waiting) {}

  // True: there is room, and this thread has it until Next gives nothing. False: somebody else will do it, and gets
  // what `make_job` makes. `useful` is how many at once are any good at present. RESOURCE_EXHAUSTED "queue_full" when
  // too many wait, or half as many of this group's.
  template <typename MakeJob>
  Result<bool> Enter(const Share& share, const void* group, unsigned useful, MakeJob make_job) {
    const MutexLock lock(mutex_);
    room_ = std::clamp(useful, 1U, workers_);
    if (working_ < room_) {
      ++working_;
      return true;
    }
    if (waiting_.size() >= max_waiting_ || OfGroup(group) >= (max_waiting_ + 1) / 2) {
      return ResourceExhausted("too many calls wait for the agent")
          .WithReason("queue_full")
          .WithRetryAfter(std::chrono::milliseconds(20));
    }
    // Its place first: a job that waits is counted, whatever there is no memory for. A group of none is harmless.
    std::size_t& of_group = groups_[group];
    waiting_.Push(share, make_job());
    ++of_group;
    return false;
  }

  // What is next for a thread that has room here; nothing, and then it has none any more.
  std::optional<Job> Next() {
    const MutexLock lock(mutex_);
    if (waiting_.empty() || working_ > room_) {
      --working_;
      return std::nullopt;
    }
    Job job = waiting_.Pop();
    if (const auto group = groups_.find(job.group); --group->second == 0) groups_.erase(group);
    return job;
  }

  [[nodiscard]] unsigned workers() const { return workers_; }
  [[nodiscard]] std::size_t waiting() const {
    const MutexLock lock(mutex_);
    return waiting_.size();
  }

 private:
  [[nodiscard]] std::size_t OfGroup(const void* group) const RK_REQUIRES(mutex_) {
    const auto found = groups_.find(group);
    return found == groups_.end() ? 0 : found->second;
  }

  const unsigned workers_;
  const std::size_t max_waiting_;
  mutable Mutex mutex_;
  unsigned room_ RK_GUARDED_BY(mutex_) = 1;
  unsigned working_ RK_GUARDED_BY(mutex_) = 0;
  FairQueue<Job> waiting_ RK_GUARDED_BY(mutex_);
  std::map<const void*, std::size_t> groups_ RK_GUARDED_BY(mutex_);  // of those that wait
};

}  // namespace rootkeep::keysocket
